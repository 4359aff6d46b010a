// A VPI module for Icarus: gives every register and every word of every memory that is X or Z a start value.
//
// It does so once, at time 0, when all initial blocks have run as far as they can: what the source initialises stays.
// A bit becomes 0, or random where vvp is called with +draupnir_seed=N. The constants and structures are those of
// IEEE 1364 (vpi_user.h), written down here because not every Icarus comes with that header.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

extern "C" {
struct VpiTime { int32_t type; uint32_t high, low; double real; };
struct VpiVecval { uint32_t aval, bval; };  // of 32 bits each: 0 is 0 0, 1 is 1 0, Z is 0 1, X is 1 1
struct VpiValue {
    int32_t format;
    union { char* text; double real; VpiVecval* vector; } value;
};
struct VpiCallback {
    int32_t reason;
    int32_t (*function)(VpiCallback*);
    void* object;
    VpiTime* time;
    VpiValue* value;
    int32_t index;
    char* user_data;
};
struct VpiInfo { int32_t argc; char** argv; char* product; char* version; };

void* vpi_register_cb(VpiCallback*);
void* vpi_iterate(int32_t type, void* object);
void* vpi_scan(void* iterator);
int32_t vpi_get(int32_t property, void* object);
void vpi_get_value(void* object, VpiValue* value);
void* vpi_put_value(void* object, VpiValue* value, VpiTime* time, int32_t flags);
int32_t vpi_get_vlog_info(VpiInfo* info);
}

namespace {
constexpr int32_t integer_var = 25, memory = 29, memory_word = 30, module = 32, reg = 48, time_var = 63;
constexpr int32_t internal_scope = 92, size = 4, automatic = 50, vector_value = 9, no_delay = 1;
constexpr int32_t read_write_synch = 6, start_of_simulation = 11, simulation_time = 2;

bool is_random = false;
uint64_t state = 0;

uint32_t bits() {  // splitmix64
    if (!is_random) return 0;
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return static_cast<uint32_t>((z ^ (z >> 31)) >> 32);
}

void start(void* object) {
    VpiValue value{vector_value, {}};
    vpi_get_value(object, &value);
    const int32_t width = vpi_get(size, object);
    std::vector<VpiVecval> words(value.value.vector, value.value.vector + (width + 31) / 32);
    bool is_unknown = false;
    for (VpiVecval& word : words) {
        is_unknown |= word.bval != 0;
        word.aval = (word.aval & ~word.bval) | (bits() & word.bval);
        word.bval = 0;
    }
    if (!is_unknown) return;
    value.value.vector = words.data();
    vpi_put_value(object, &value, nullptr, no_delay);
}

void each(int32_t type, void* object, void (*function)(void*)) {
    void* const iterator = vpi_iterate(type, object);
    if (!iterator) return;
    while (void* const found = vpi_scan(iterator)) function(found);
}

void start_scope(void* scope) {
    if (!vpi_get(automatic, scope)) {
        for (int32_t type : {reg, integer_var, time_var}) each(type, scope, start);
        each(memory, scope, [](void* words) { each(memory_word, words, start); });
    }
    each(internal_scope, scope, start_scope);
}

int32_t start_all(VpiCallback*) {
    each(module, nullptr, start_scope);
    return 0;
}

int32_t wait_for_initial_blocks(VpiCallback*) {
    VpiTime now{simulation_time, 0, 0, 0.0};
    VpiCallback callback{read_write_synch, start_all, nullptr, &now, nullptr, 0, nullptr};
    vpi_register_cb(&callback);
    return 0;
}

void startup() {
    const char option[] = "+draupnir_seed=";
    VpiInfo info{};
    vpi_get_vlog_info(&info);
    for (int32_t i = 0; i < info.argc; ++i) {
        if (std::strncmp(info.argv[i], option, sizeof option - 1)) continue;
        is_random = true;
        state = std::strtoull(info.argv[i] + sizeof option - 1, nullptr, 10);
    }
    VpiCallback callback{start_of_simulation, wait_for_initial_blocks, nullptr, nullptr, nullptr, 0, nullptr};
    vpi_register_cb(&callback);
}
}  // namespace

extern "C" {
__attribute__((visibility("default"))) void (*vlog_startup_routines[])() = {startup, nullptr};
}
