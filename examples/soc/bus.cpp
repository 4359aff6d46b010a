// The bus of the simulation: each read and write of the driver becomes a transfer on the AXI4-Lite of the Verilated chip.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "Vodin_soc.h"
#include "verilated.h"

double sc_time_stamp() { return 0; }

namespace {
constexpr std::uint32_t kAddressMask = 0xffff;
constexpr std::uint64_t kLongest = 1'000'000;  // clocks of a transfer

void tick(Vodin_soc& top)
{
    top.aclk = 1;
    top.eval();
    top.aclk = 0;
    top.eval();
}

Vodin_soc& chip()
{
    static Vodin_soc* const instance = [] {
        auto* top = new Vodin_soc;
        top->eval();
        top->s_axi_bready = top->s_axi_rready = 1;
        for (int i = 0; i < 4; i++) tick(*top);  // ARESETN is 0
        top->aresetn = 1;
        tick(*top);
        return top;
    }();
    return *instance;
}

void tick() { tick(chip()); }

// Keep clocking until a signal is 1. Then the inputs are still those with which it became 1.
template <typename Signal>
void wait_for(const Signal& signal, const char* name)
{
    for (std::uint64_t i = 0; i < kLongest; i++) {
        if (signal) return;
        tick();
    }
    std::fprintf(stderr, "%s stays 0\n", name);
    std::exit(1);
}

void check(int response, std::uintptr_t addr)
{
    if (response == 0) return;
    std::fprintf(stderr, "bus error at %#lx\n", static_cast<unsigned long>(addr));
    std::exit(1);
}
}  // namespace

extern "C" {
std::uint32_t odin_soc_bus_read(std::uintptr_t addr)
{
    Vodin_soc& top = chip();
    top.s_axi_araddr = addr & kAddressMask;
    top.s_axi_arvalid = 1;
    top.eval();
    wait_for(top.s_axi_arready, "ARREADY");
    tick();
    top.s_axi_arvalid = 0;
    wait_for(top.s_axi_rvalid, "RVALID");
    check(top.s_axi_rresp, addr);
    const std::uint32_t content = top.s_axi_rdata;
    tick();
    return content;
}

void odin_soc_bus_write(std::uintptr_t addr, std::uint32_t content, std::uint32_t bytes)
{
    Vodin_soc& top = chip();
    top.s_axi_awaddr = addr & kAddressMask;
    top.s_axi_wdata = content;
    top.s_axi_wstrb = bytes;
    top.s_axi_awvalid = top.s_axi_wvalid = 1;
    top.eval();
    wait_for(top.s_axi_awready, "AWREADY");
    wait_for(top.s_axi_wready, "WREADY");  // both are ready together while no write is under way
    tick();
    top.s_axi_awvalid = top.s_axi_wvalid = 0;
    wait_for(top.s_axi_bvalid, "BVALID");
    check(top.s_axi_bresp, addr);
    tick();
}

int interrupt_is_pending()
{
    if (!chip().irq) tick();  // time goes on while the program waits
    return chip().irq;
}
}
