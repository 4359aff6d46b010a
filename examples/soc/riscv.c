/* The program of main.c for a RISC-V without anything else: spikes come by an interrupt, and go to a console. */
#include "odin_soc.h"
#include "odin_soc_image.h"

#define BASE 0x40000000u
#define CONSOLE (*(volatile uint32_t *)0x80000000u)
#define SPIKE_OF_100 0x6407u
#define SECOND 10000u /* the clock of the second event */
#define CLOCKS 20000u
#define END_OF_TEXT 4u

#define FLAG(field) (ODIN_SOC_IRQ_ENABLE_##field##_MASK << ODIN_SOC_IRQ_ENABLE_##field##_SHIFT)

static uint32_t first_cycle;
static volatile uint32_t causes;

/* At address 0, where the processor begins. */
__attribute__((naked, section(".start"))) void start(void) { __asm__ volatile("la sp, stack_top\n\tj main"); }

static void print_text(const char *text)
{
    while (*text) {
        CONSOLE = (uint32_t)*text++;
    }
}

static void print_number(uint32_t number)
{
    char digits[11];
    unsigned i = sizeof digits - 1;

    digits[i] = 0;
    do {
        digits[--i] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    print_text(&digits[i]);
}

static void print_spike(void *context, odin_soc_spike_t spike)
{
    (void)context;
    print_number(spike.cycle - first_cycle);
    print_text(",");
    print_number(spike.addr);
    print_text("\n");
}

__attribute__((interrupt("machine"), aligned(4))) void handler(void)
{
    causes |= odin_soc_interrupt(BASE, print_spike, NULL);
}

static void allow_interrupts(void)
{
    const uint32_t external = 1u << 11, all = 1u << 3;

    __asm__ volatile("csrw mtvec, %0" ::"r"(handler));
    __asm__ volatile("csrw mie, %0" ::"r"(external));
    __asm__ volatile("csrs mstatus, %0" ::"r"(all));
}

int main(void)
{
    if (odin_soc_init(BASE) != 0) {
        print_text("another map\n");
    }
    odin_soc_configure(BASE, odin_soc_image, odin_soc_image_writes);
    odin_soc_reset(BASE);
    first_cycle = odin_soc_read(BASE, ODIN_SOC_NOW);
    odin_soc_send_at(BASE, first_cycle, SPIKE_OF_100);
    odin_soc_send_at(BASE, first_cycle + SECOND, SPIKE_OF_100);
    print_text("cycle,addr\n");
    odin_soc_write(BASE, ODIN_SOC_IRQ_PENDING, FLAG(DONE));
    odin_soc_write(BASE, ODIN_SOC_IRQ_ENABLE, FLAG(SPIKES) | FLAG(DONE));
    allow_interrupts();
    odin_soc_write(BASE, ODIN_SOC_RUN, CLOCKS);
    while (!(causes & FLAG(DONE))) {
    }
    CONSOLE = END_OF_TEXT;
    for (;;) {
    }
}
