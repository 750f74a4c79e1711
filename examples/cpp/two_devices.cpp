// Runs a model on all devices at once, a thread on each, with two runs under way on every device.
// usage: two_devices MODEL.om RUNS   (on a simulated card with two devices)
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>
#include <vector>

#include "ascend_reid.hpp"

namespace {

// The buffers of a run, and the run that uses them. The run ends before the buffers do.
struct slot {
    std::vector<std::vector<std::uint8_t>> buffers;
    std::vector<areid_input> inputs;
    std::vector<areid_output> outputs;
    areid::run run;

    explicit slot(const areid::model &model) {
        for (const auto &tensor : model.inputs()) inputs.push_back(areid::in(buffers.emplace_back(tensor.bytes)));
        for (const auto &tensor : model.outputs()) outputs.push_back(areid::out(buffers.emplace_back(tensor.bytes)));
    }
};

unsigned long work(const areid::device &device, const char *path, std::atomic<long> &left) {
    const auto model = areid::model::load(device, path);
    std::vector<slot> slots;
    slots.reserve(2);
    for (int i = 0; i < 2; i++) slots.emplace_back(model);
    unsigned long runs = 0;
    for (std::size_t turn = 0; left.fetch_sub(1) > 0; turn = 1 - turn, runs++) {
        slot &mine = slots[turn];
        if (mine.run) mine.run.wait();
        mine.run = model.submit(mine.inputs, mine.outputs);
    }
    for (slot &last : slots)
        if (last.run) last.run.wait();
    return runs;
}

} // namespace

int main(int argc, char **argv) try {
    if (argc < 3) {
        std::fprintf(stderr, "usage: two_devices MODEL.om RUNS\n");
        return 2;
    }
    areid::runtime_options options;
    options.backend = AREID_BACKEND_SIMULATOR;
    options.profile = "300i-duo";
    const auto runtime = areid::runtime::open(options);
    const std::size_t count = runtime.device_count();
    std::atomic<long> left(std::strtol(argv[2], nullptr, 10));
    std::vector<unsigned long> runs(count);
    std::vector<std::exception_ptr> failures(count);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < count; i++) {
        threads.emplace_back([&, i] {
            try {
                runs[i] = work(areid::device::open(runtime, static_cast<std::int32_t>(i)), argv[1], left);
            } catch (...) {
                failures[i] = std::current_exception();
            }
        });
    }
    for (auto &thread : threads) thread.join();
    for (std::size_t i = 0; i < count; i++) {
        if (failures[i]) std::rethrow_exception(failures[i]);
        std::printf("device %zu: %lu runs\n", i, runs[i]);
    }
    return 0;
} catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
