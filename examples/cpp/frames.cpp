// A worker between two pipes: WIDTH x HEIGHT pixels of R, G, B come in for each photo of a person, and
// its features go out as float32, in the same order. The C example of the name takes files too.
// usage: frames MGN.om WIDTH HEIGHT   (on the simulator)
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "ascend_reid.hpp"

namespace {

void work(const areid::embedder &embedder, std::uint32_t width, std::uint32_t height) {
    const std::size_t batch = embedder.batch(), bytes = std::size_t(width) * height * 3;
    std::vector<std::uint8_t> pixels(batch * bytes);
    for (unsigned long frames = 0;;) {
        const std::size_t got = std::fread(pixels.data(), 1, pixels.size(), stdin);
        std::vector<areid::picture> photos;
        for (std::size_t i = 0; i < got / bytes; i++) {
            const areid::span<const std::uint8_t> frame(pixels.data() + i * bytes, bytes);
            photos.push_back(areid::picture::pixels(AREID_PICTURE_KIND_RGB, frame, width, height));
        }
        const auto features = embedder.embed(photos);
        const std::size_t sent = std::fwrite(features.values.data(), sizeof(float), features.values.size(), stdout);
        if (sent != features.values.size() || std::fflush(stdout) != 0)
            throw std::runtime_error("the output cannot be written");
        frames += photos.size();
        if (got % bytes != 0)
            throw std::runtime_error("photo " + std::to_string(frames) + ": the input ends after " +
                                     std::to_string(got % bytes) + " of " + std::to_string(bytes) + " bytes");
        if (got < pixels.size()) return;
    }
}

} // namespace

int main(int argc, char **argv) try {
    const unsigned long width = argc == 4 ? std::strtoul(argv[2], nullptr, 10) : 0;
    const unsigned long height = argc == 4 ? std::strtoul(argv[3], nullptr, 10) : 0;
    if (width < 1 || width > 65535 || height < 1 || height > 65535) {
        std::fprintf(stderr, "usage: frames MGN.om WIDTH HEIGHT\n");
        return 2;
    }
    const auto runtime = areid::runtime::simulator();
    const auto device = areid::device::open(runtime);
    const auto embedder = areid::embedder::open(device, argv[1]);
    std::fprintf(stderr, "frames: %zu numbers for each photo\n", embedder.dim());
    work(embedder, static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height));
    return 0;
} catch (const std::exception &error) {
    std::fprintf(stderr, "frames: %s\n", error.what());
    return 1;
}
