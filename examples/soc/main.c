/* Run the network of examples/odin on ODIN behind AXI4-Lite, and print its spikes as draupnir run does. */
#include <inttypes.h>
#include <stdio.h>

#include "odin_soc.h"
#include "odin_soc_image.h"

#define BASE 0x40000000u /* where the SoC has the peripheral; the simulated bus looks at the lower bits only */
#define SPIKE_OF_100 0x6407u
#define SECOND 10000u /* the clock of the second event */
#define CLOCKS 20000u

int interrupt_is_pending(void); /* on a processor, an interrupt line */

static uint32_t first_cycle;

static void print_spike(void *context, odin_soc_spike_t spike)
{
    (void)context;
    printf("%" PRIu32 ",%" PRIu32 "\n", spike.cycle - first_cycle, spike.addr);
}

int main(void)
{
    uint32_t causes = 0;

    if (odin_soc_init(BASE) != 0) {
        fprintf(stderr, "this is not the hardware for which the driver was written\n");
        return 1;
    }
    odin_soc_configure(BASE, odin_soc_image, odin_soc_image_writes);
    odin_soc_reset(BASE); /* ODIN's registers have no reset, so the network stays */

    first_cycle = odin_soc_read(BASE, ODIN_SOC_NOW);
    if (odin_soc_send_at(BASE, first_cycle, SPIKE_OF_100) || odin_soc_send_at(BASE, first_cycle + SECOND, SPIKE_OF_100)) {
        return 1;
    }
    printf("cycle,addr\n");
    odin_soc_write(BASE, ODIN_SOC_IRQ_ENABLE,
                   ODIN_SOC_IRQ_ENABLE_SPIKES_MASK << ODIN_SOC_IRQ_ENABLE_SPIKES_SHIFT
                       | ODIN_SOC_IRQ_ENABLE_DONE_MASK << ODIN_SOC_IRQ_ENABLE_DONE_SHIFT);
    odin_soc_write(BASE, ODIN_SOC_IRQ_PENDING, ODIN_SOC_IRQ_PENDING_DONE_MASK << ODIN_SOC_IRQ_PENDING_DONE_SHIFT);
    odin_soc_write(BASE, ODIN_SOC_RUN, CLOCKS);
    while (!(causes >> ODIN_SOC_IRQ_PENDING_DONE_SHIFT & ODIN_SOC_IRQ_PENDING_DONE_MASK)) {
        while (!interrupt_is_pending()) { /* on a processor: wait for an interrupt */
        }
        causes = odin_soc_interrupt(BASE, print_spike, NULL);
    }
    return 0;
}
