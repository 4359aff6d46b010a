"""Frames on a stream of bytes (see protocol.py): the deframer receives them, and the framer sends them."""

from amaranth import Module, Mux, Signal
from amaranth.lib import memory, stream, wiring
from amaranth.lib.crc import catalog
from amaranth.lib.wiring import In, Out

from draupnir.rtl.bridge.protocol import BUFFER, CRC_BYTES, END, ESC, ESC_END, ESC_ESC

CRC = catalog.CRC16_IBM_3740


class Deframer(wiring.Component):
    """Receive frames. The buffer holds one frame, whose CRC is right.

    i : bytes from the line; the deframer is always ready
    full : 1 while the buffer holds a frame; bytes from the line are then lost, until ``release``
    length : the number of its bytes, without the CRC
    o : these bytes, from the first on; ended : 1 after the last one
    release : 1 empties the buffer
    """

    i: In(stream.Signature(8, always_ready=True))
    full: Out(1)
    length: Out(range(BUFFER + 1))
    o: Out(stream.Signature(8))
    ended: Out(1)
    release: In(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.buffer = buffer = memory.Memory(shape=8, depth=BUFFER, init=[])
        m.submodules.crc = crc = CRC(data_width=8).create()
        write = buffer.write_port()
        read = buffer.read_port()
        n_buffered = Signal(range(BUFFER + 1))  # the number of bytes in the buffer, with the CRC
        escaped, bad = Signal(), Signal(name="bad")
        m.d.comb += [
            write.addr.eq(n_buffered),
            write.data.eq(Mux(escaped, Mux(self.i.payload == ESC_END, END, ESC), self.i.payload)),
            crc.data.eq(write.data),
            crc.valid.eq(write.en),
        ]
        # The CRC is known one clock after the last byte; bytes from a line are further apart.
        with m.If(self.i.valid & (self.i.payload == END) & ~self.full):
            m.d.sync += [n_buffered.eq(0), escaped.eq(0), bad.eq(0)]
            with m.If(crc.match_detected & ~bad & ~escaped & (n_buffered > CRC_BYTES)):
                m.d.sync += [self.full.eq(1), self.length.eq(n_buffered - CRC_BYTES)]
            m.d.comb += crc.start.eq(1)
        with m.Elif(self.i.valid & ~self.full):
            with m.If((self.i.payload == ESC) & ~escaped):
                m.d.sync += escaped.eq(1)
            with m.Else():
                m.d.sync += escaped.eq(0)
                with m.If(escaped & (self.i.payload != ESC_END) & (self.i.payload != ESC_ESC)):
                    m.d.sync += bad.eq(1)
                with m.If(n_buffered == BUFFER):
                    m.d.sync += bad.eq(1)
                with m.Else():
                    m.d.comb += write.en.eq(1)
                    m.d.sync += n_buffered.eq(n_buffered + 1)
        with m.If(self.full & self.i.valid):  # The rest of a lost frame is no frame either.
            m.d.sync += bad.eq(self.i.payload != END)
        with m.If(self.release):
            m.d.sync += self.full.eq(0)
        self._read(m, read)
        return m

    def _read(self, m: Module, read: memory.ReadPort) -> None:
        """Send the buffer's bytes to ``o``. The port's output is the byte at ``byte_idx`` while ``fetched`` is 1."""
        byte_idx, byte_idx_next, fetched = Signal(range(BUFFER + 1)), Signal(range(BUFFER + 1)), Signal(name="fetched")
        m.d.comb += [
            byte_idx_next.eq(Mux(self.full, byte_idx + (self.o.valid & self.o.ready), 0)),
            read.addr.eq(byte_idx_next),
            self.o.valid.eq(fetched & (byte_idx < self.length)),
            self.o.payload.eq(read.data),
            self.ended.eq(fetched & (byte_idx == self.length)),
        ]
        m.d.sync += [byte_idx.eq(byte_idx_next), fetched.eq(self.full)]


class Framer(wiring.Component):
    """Keep a frame, and send it each time that ``send`` is 1.

    clear : 1 removes the frame; i : the next byte of a frame; the framer is always ready
    send : 1 starts sending; busy : 1 while the framer sends
    length : the number of bytes in the frame, without the CRC
    o : bytes to the line
    """

    clear: In(1)
    i: In(stream.Signature(8, always_ready=True))
    send: In(1)
    busy: Out(1)
    length: Out(range(BUFFER + 1))
    o: Out(stream.Signature(8))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.buffer = buffer = memory.Memory(shape=8, depth=BUFFER, init=[])
        m.submodules.crc = crc = CRC(data_width=8).create()
        write = buffer.write_port()
        read = buffer.read_port()
        m.d.comb += [write.addr.eq(self.length), write.data.eq(self.i.payload), write.en.eq(self.i.valid)]
        with m.If(self.clear):
            m.d.sync += self.length.eq(0)
        with m.Elif(self.i.valid):
            m.d.sync += self.length.eq(self.length + 1)

        byte_idx = Signal(range(BUFFER + CRC_BYTES + 1))
        byte, transfers = Signal(8), Signal(name="transfers")
        m.d.comb += [read.addr.eq(byte_idx), transfers.eq(self.o.valid & self.o.ready), crc.data.eq(byte)]
        checksum = Signal(8 * CRC_BYTES)
        with m.FSM() as fsm:
            m.d.comb += self.busy.eq(~fsm.ongoing("IDLE") | self.send)
            with m.State("IDLE"):
                m.d.comb += crc.start.eq(1)
                m.d.sync += byte_idx.eq(0)
                with m.If(self.send):
                    m.next = "BEGIN"
            with m.State("BEGIN"):
                m.d.comb += [self.o.valid.eq(1), self.o.payload.eq(END)]
                with m.If(transfers):
                    m.next = "FETCH"
            with m.State("FETCH"):  # In the next state the port's output is the byte at ``byte_idx``.
                with m.If(byte_idx == self.length):
                    m.d.sync += checksum.eq(crc.crc)
                m.next = "BYTE"
            with m.State("BYTE"):
                self._choose(m, byte, byte_idx, read, checksum)
                special = (byte == END) | (byte == ESC)
                m.d.comb += [self.o.valid.eq(1), self.o.payload.eq(Mux(special, ESC, byte))]
                with m.If(transfers & special):
                    m.next = "ESCAPED"
                with m.Elif(transfers):
                    self._advance(m, crc, byte_idx)
            with m.State("ESCAPED"):
                self._choose(m, byte, byte_idx, read, checksum)
                m.d.comb += [self.o.valid.eq(1), self.o.payload.eq(Mux(byte == END, ESC_END, ESC_ESC))]
                with m.If(transfers):
                    self._advance(m, crc, byte_idx)
            with m.State("END"):
                m.d.comb += [self.o.valid.eq(1), self.o.payload.eq(END)]
                with m.If(transfers):
                    m.next = "IDLE"
        return m

    def _choose(self, m: Module, byte: Signal, byte_idx: Signal, read: memory.ReadPort, checksum: Signal) -> None:
        with m.If(byte_idx < self.length):
            m.d.comb += byte.eq(read.data)
        with m.Else():
            m.d.comb += byte.eq(Mux(byte_idx == self.length, checksum[8:], checksum[:8]))

    def _advance(self, m: Module, crc: wiring.Component, byte_idx: Signal) -> None:
        m.d.comb += crc.valid.eq(byte_idx < self.length)
        m.d.sync += byte_idx.eq(byte_idx + 1)
        with m.If(byte_idx == self.length + CRC_BYTES - 1):
            m.next = "END"
        with m.Else():
            m.next = "FETCH"
