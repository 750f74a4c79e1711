// Loads a model, fills its inputs with -1, 0, 1, ... as floats, runs it, prints the outputs.
// usage: run_model MODEL.om [LIBRARY]   (without a library: on the simulator)
#include <cstdio>
#include <vector>

#include "ascend_reid.hpp"

int main(int argc, char **argv) try {
    if (argc < 2) {
        std::fprintf(stderr, "usage: run_model MODEL.om [LIBRARY]\n");
        return 2;
    }
    areid::runtime_options options;
    options.backend = argc > 2 ? AREID_BACKEND_LIBRARY : AREID_BACKEND_SIMULATOR;
    if (argc > 2) options.library = argv[2];
    const auto runtime = areid::runtime::open(options);
    const auto device = areid::device::open(runtime);
    const auto model = areid::model::load(device, argv[1]);

    std::vector<std::vector<float>> x, y;
    std::vector<areid_input> inputs;
    std::vector<areid_output> outputs;
    for (const auto &tensor : model.inputs()) {
        if (tensor.dtype != 0) throw std::runtime_error(tensor.name + " is not of floats");
        auto &values = x.emplace_back(tensor.elements());
        for (std::size_t i = 0; i < values.size(); i++) values[i] = static_cast<float>(i) - 1;
    }
    const auto results = model.outputs();
    for (const auto &tensor : results) {
        if (tensor.dtype != 0) throw std::runtime_error(tensor.name + " is not of floats");
        y.emplace_back(tensor.elements());
    }
    for (const auto &values : x) inputs.push_back(areid::in(values));
    for (auto &values : y) outputs.push_back(areid::out(values));
    model.run(inputs, outputs);
    for (std::size_t i = 0; i < y.size(); i++) {
        std::printf("%s:", results[i].name.c_str());
        for (const float value : y[i]) std::printf(" %g", static_cast<double>(value));
        std::printf("\n");
    }
    return 0;
} catch (const areid::error &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return error.status() == AREID_LIBRARY ? 3 : 1;
} catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
