// The header in the mode that throws, beside returning.cpp in the same program.
#include "ascend_reid.hpp"
#include "ascend_reid.hpp"

#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>
#include <typeinfo>

int returning_wrong(const std::string &folder);
const char *returning_name();

namespace {

int cases, wrong;

void holds(int line, bool condition, const char *text) {
    cases++;
    if (condition) return;
    wrong++;
    std::printf("throwing.cpp:%d: %s does not hold\n", line, text);
}
#define HOLDS(...) holds(__LINE__, (__VA_ARGS__), #__VA_ARGS__)

template <class F> void throws(int line, areid_status status, const char *word, F call) {
    cases++;
    try {
        call();
    } catch (const areid::error &error) {
        if (error.status() == status && std::strstr(error.what(), word)) return;
        std::printf("throwing.cpp:%d: threw %s, want \"%s\"\n", line, error.what(), word);
        wrong++;
        return;
    }
    wrong++;
    std::printf("throwing.cpp:%d: did not throw\n", line);
}
#define THROWS(status, word, ...) throws(__LINE__, status, word, [&] { (void)(__VA_ARGS__); })

template <class T> constexpr bool moves_only =
    std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
    !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T> && sizeof(T) == sizeof(void *);
static_assert(moves_only<areid::runtime> && moves_only<areid::device> && moves_only<areid::model>);
static_assert(moves_only<areid::run> && moves_only<areid::embedder> && moves_only<areid::gallery>);
static_assert(moves_only<areid::generator>);
// Views take what they can read, and only that.
static_assert(std::is_constructible_v<areid::span<const float>, std::vector<float> &>);
static_assert(std::is_constructible_v<areid::span<const float>, const std::array<float, 3> &>);
static_assert(!std::is_constructible_v<areid::span<float>, const std::vector<float> &>);
static_assert(!std::is_constructible_v<areid::span<const float>, std::vector<double> &>);

std::vector<std::uint8_t> bytes(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void models(const areid::device &device, const std::string &folder) {
    auto model = areid::model::load(device, folder + "/two.om");
    const auto inputs = model.inputs(), outputs = model.outputs();
    HOLDS(inputs.size() == 2 && inputs[0].dims == std::vector<std::int64_t>{2, 2} && inputs[0].bytes == 16);
    HOLDS(outputs.size() == 2 && outputs[1].elements() == 2 && outputs[1].dtype == 0);
    const std::array<float, 4> x = {-1, 2, -3, 4};
    const std::array<float, 8> w = {1, 3, 5, 7};
    std::array<float, 4> y{};
    float z[2] = {};
    model.run({areid::in(x), areid::in(w)}, {areid::out(y), areid::out(z)});
    HOLDS(y == std::array<float, 4>{0, 2, 0, 4});
    THROWS(AREID_INVALID_ARGUMENT, "inputs", model.run({areid::in(x)}, {areid::out(y), areid::out(z)}));
    THROWS(AREID_SIZE_MISMATCH, "bytes", model.run({areid::in(x), areid::in(x)}, {areid::out(z), areid::out(y)}));

    const std::vector<areid_input> in = {areid::in(x), areid::in(w)};
    std::vector<areid_output> out = {areid::out(y), areid::out(z)};
    y = {};
    {
        const auto run = model.submit(in, out);
        run.wait();
        HOLDS(run.done() && y[3] == 4);
    }
    std::atomic<int> ended(0);
    model.submit(in, out, [&](areid_status status, const char *text) { ended = status == AREID_OK && !text ? 1 : 2; });
    while (ended == 0) std::this_thread::yield();
    HOLDS(ended == 1);
    THROWS(AREID_INVALID_ARGUMENT, "empty", model.submit(in, out, {}));
    THROWS(AREID_INVALID_ARGUMENT, "inputs", model.submit({}, out, [](areid_status, const char *) {}));

    const auto moved = std::move(model);
    HOLDS(!model && moved);
    THROWS(AREID_NULL_POINTER, "areid_model is null", model.inputs());
    THROWS(AREID_NULL_POINTER, "areid_model is null", model.gears());
    THROWS(AREID_ACL, "none.om", areid::model::load(device, folder + "/none.om"));

    const auto gears = areid::model::load_memory(device, bytes(folder + "/batch.om"));
    gears.set_batch(2);
    HOLDS(gears.inputs()[0].bytes == 32 && gears.inputs()[0].max_bytes == 64);
    THROWS(AREID_UNKNOWN_GEAR, "3", gears.set_batch(3));
    HOLDS(gears.gears().kind == AREID_GEAR_KIND_BATCH);
    HOLDS(gears.gears().rows == std::vector<std::vector<std::int64_t>>{{1}, {2}, {4}});
    const auto size = areid::model::load(device, folder + "/size.om");
    size.set_image_size(2, 3);
    HOLDS(size.outputs()[0].elements() == 6);
    HOLDS(size.gears().rows == std::vector<std::vector<std::int64_t>>{{2, 3}, {4, 5}});
    HOLDS(areid::model::load(device, folder + "/relu.om").gears().rows.empty());
    const auto dims = areid::model::load(device, folder + "/dims.om");
    const std::vector<std::int64_t> wanted = {2, 5};
    dims.set_dims(wanted);
    HOLDS(dims.inputs()[0].dims == wanted);

    // Handles go to the C functions and back.
    areid_model *raw = areid::model::load(device, folder + "/relu.om").release();
    const areid::model adopted(raw);
    HOLDS(adopted.get() == raw && adopted.inputs().size() == 1);
}

void pictures(const areid::device &device, const std::string &folder) {
    const auto embedder = areid::embedder::open(device, folder + "/mgn.om");
    HOLDS(embedder.dim() == 3 && embedder.batch() == 4);
    const std::string red = folder + "/red.ppm";
    const auto file = bytes(red);
    const std::vector<std::uint8_t> plain(file.end() - 8 * 16 * 3, file.end());
    std::vector<std::uint8_t> wide(16 * 30, 77);
    for (std::size_t row = 0; row < 16; row++)
        std::copy_n(plain.begin() + static_cast<std::ptrdiff_t>(row) * 24, 24,
                    wide.begin() + static_cast<std::ptrdiff_t>(row) * 30);
    const areid::picture photos[] = {areid::picture::file(red), areid::picture::encoded(file),
                                     areid::picture::pixels(AREID_PICTURE_KIND_RGB, plain, 8, 16),
                                     areid::picture::pixels(AREID_PICTURE_KIND_RGB, wide, 8, 16, 30),
                                     areid::picture::pixels(AREID_PICTURE_KIND_BGR, plain, 8, 16)};
    const auto features = embedder.embed(photos);
    HOLDS(features.size() == 5 && features.dim == 3);
    for (std::size_t i = 1; i < 4; i++) HOLDS(std::equal(features[i].begin(), features[i].end(), features[0].begin()));
    HOLDS(std::fabs(areid::similarity(features[0], features[3]) - 1) < 1e-9);
    HOLDS(areid::similarity(features[0], features[4]) < 0.9);
    std::vector<float> rows(14);
    THROWS(AREID_SIZE_MISMATCH, "14", embedder.embed_into(photos, rows));
    rows.resize(15);
    embedder.embed_into(photos, rows);
    HOLDS(rows == features.values);
    const std::string torn = folder + "/torn.jpg";
    const std::vector<areid::picture> bad = {areid::picture::file(torn)};
    THROWS(AREID_PICTURE, "torn.jpg", embedder.embed(bad));

    areid::embedder_options as_they_are;
    as_they_are.flip = as_they_are.normalise = false;
    const auto other = areid::embedder::open_memory(device, bytes(folder + "/mgn.om"), as_they_are);
    HOLDS(other.embed(photos).values != features.values);
    auto wrong_kind = areid::model::load(device, folder + "/relu.om");
    THROWS(AREID_WRONG_MODEL, "", areid::embedder::from_model(std::move(wrong_kind)));
    HOLDS(wrong_kind && wrong_kind.inputs().size() == 1);
    auto right_kind = areid::model::load(device, folder + "/mgn.om");
    const auto taken = areid::embedder::from_model(std::move(right_kind));
    HOLDS(!right_kind && taken.embed(photos).values == features.values);

    const auto generator = areid::generator::open(device, folder + "/dgnet.om");
    const auto shape = generator.shape();
    HOLDS(shape.height == 256 && shape.width == 128 && shape.batch == 2);
    const auto drawn = generator.generate(photos, photos);
    HOLDS(drawn.count == 5 && drawn.rgb.size() == 5 * 256 * 128 * 3);
    THROWS(AREID_SIZE_MISMATCH, "contents", generator.generate(photos, bad));
    HOLDS(areid::generator::open_memory(device, bytes(folder + "/dgnet.om")).generate(photos, photos).rgb == drawn.rgb);
}

void galleries(const std::string &folder) {
    const auto gallery = areid::gallery::create(2, AREID_METRIC_EUCLIDEAN);
    const std::vector<float> query = {0, 0};
    HOLDS(gallery.search(query, 3).found == 0);
    gallery.add(std::vector<std::int64_t>{7, 8, 7}, std::vector<float>{3, 4, 1, 0, 0, 2});
    const auto near = gallery.search(query, 5);
    HOLDS(near.found == 3 && near.size() == 1 && near.ids(0).size() == 3);
    HOLDS(near.ids(0)[0] == 8 && near.distances(0)[0] == 1 && near.distances(0)[2] == 5);
    THROWS(AREID_SIZE_MISMATCH, "got 3, want for each id 2", gallery.add(std::vector<std::int64_t>{1}, std::vector<float>{1, 2, 3}));
    THROWS(AREID_SIZE_MISMATCH, "a multiple of 2", gallery.search(std::vector<float>{1}, 1));
    THROWS(AREID_INVALID_ARGUMENT, "top", gallery.search(query, 0));
    gallery.save(folder + "/gallery");
    HOLDS(gallery.remove(7) == 2 && gallery.shape().rows == 1);
    THROWS(AREID_NOT_FOUND, "7", gallery.remove(7));
    const auto back = areid::gallery::load(folder + "/gallery");
    HOLDS(back.shape().rows == 3 && back.shape().dim == 2);
    THROWS(AREID_FILE, "nothing", areid::gallery::load(folder + "/nothing"));
    THROWS(AREID_INVALID_ARGUMENT, "width of 0", areid::gallery::create(0));
}

void figures() {
    const std::vector<float> query = {1, 0, 0, 1}, rows = {1, 0.1f, 0.1f, 1, 0.2f, 1, 0.5f, 1, 0, 1};
    const std::vector<std::int32_t> query_ids = {1, 2}, zeros = {0, 0}, ids = {1, 3, 3, 2, 2}, cameras = {1, 1, 1, 1, 0};
    const areid::labelled asked = {query, query_ids, zeros};
    areid::labelled among = {rows, ids, cameras};
    const auto scores = areid::evaluate(asked, among, 2, 4);
    HOLDS(std::fabs(scores.mean_average_precision - (1 + 1.0 / 3) / 2) < 1e-12 && scores.queries == 2);
    HOLDS(scores.cmc == std::vector<double>{0.5, 0.5, 1, 1});
    areid::evaluate_options rerank;
    rerank.rerank = true;
    rerank.k1 = 3;
    rerank.k2 = 2;
    HOLDS(areid::evaluate(asked, among, 2, 1, rerank).cmc.size() == 1);
    among.cameras = zeros;
    THROWS(AREID_SIZE_MISMATCH, "cameras: got 2, want as many as ids, 5", areid::evaluate(asked, among, 2));
    THROWS(AREID_SIZE_MISMATCH, "numbers", areid::evaluate(asked, {rows, ids, cameras}, 3));
    THROWS(AREID_SIZE_MISMATCH, "numbers", areid::evaluate(asked, {rows, ids, cameras}, 0));

    const std::vector<float> first = {0, 0, 2, 0, 0, 2, 2, 2}, second = {3, 0, 5, 0, 3, 2, 5, 2};
    HOLDS(std::fabs(areid::fid(first, first, 2)) < 1e-9);
    HOLDS(std::fabs(areid::fid(first, second, 2) - 9) < 1e-9);
    THROWS(AREID_SIZE_MISMATCH, "fid: numbers: got 8, want a multiple of 3", areid::fid(first, second, 3));
}

} // namespace

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    const std::string folder = argv[1];
    const auto version = areid::version();
    HOLDS(version.major == 0 && version.minor > 0);
    HOLDS(areid::explain(107002).find('\n') != std::string::npos);
    HOLDS(areid::explain(107002) != areid::explain(107002, AREID_CHINESE));
    THROWS(AREID_INVALID_ARGUMENT, "no code -5", areid::explain(-5));

    std::atomic<int> lines(0);
    areid::log_to([&](std::int32_t, const char *, const char *text) { lines += *text != 0; }, AREID_LOG_LEVEL_TRACE);
    areid::runtime_options options;
    options.backend = AREID_BACKEND_LIBRARY;
    options.library = "/nonexistent/libascendcl.so";
    THROWS(AREID_LIBRARY, "/nonexistent", areid::runtime::open(options));
    options = {};
    options.backend = AREID_BACKEND_SIMULATOR;
    options.profile = "300i-duo";
    const auto runtime = areid::runtime::open(options);
    areid::log_to({});
    const int told = lines;
    HOLDS(told > 0);
    HOLDS(runtime.device_count() == 2 && runtime.is_simulated());
    HOLDS(lines == told);
    const auto device = areid::device::open(runtime, 1);
    HOLDS(device.soc_name() == "Ascend310P3");
    THROWS(AREID_ACL, "107001", areid::device::open(runtime, 2));
    THROWS(AREID_NULL_POINTER, "", areid::device().soc_name());

    models(device, folder);
    pictures(device, folder);
    galleries(folder);
    figures();
    // The two modes are two sets of types to the linker.
    HOLDS(std::strcmp(typeid(areid::model).name(), returning_name()) != 0);
    wrong += returning_wrong(folder);
    std::printf("%d cases, %d wrong\n", cases, wrong);
    return wrong != 0;
}
