// The header without exceptions: beside throwing.cpp in one program, and alone with -DALONE.
#define ASCEND_REID_NO_EXCEPTIONS
#include "ascend_reid.hpp"
#include "ascend_reid.hpp"

#include <cstdio>
#include <cstring>
#ifndef ALONE
#include <typeinfo>
#endif

int returning_wrong(const std::string &folder);
const char *returning_name();

namespace {

int cases, wrong;

void holds(int line, bool condition, const char *text) {
    cases++;
    if (condition) return;
    wrong++;
    std::printf("returning.cpp:%d: %s does not hold\n", line, text);
}
#define HOLDS(...) holds(__LINE__, (__VA_ARGS__), #__VA_ARGS__)

template <class R> bool fails(const R &result, areid_status status, const char *word) {
    if (!result && !result.has_value() && result.error().status == status && std::strstr(result.error().text.c_str(), word))
        return true;
    std::printf("got %d: %s\n", result.error().status, result.error().text.c_str());
    return false;
}

} // namespace

// The name of the class, without type information, which the program may be built without.
const char *returning_name() {
#ifdef ALONE
    return "";
#else
    return typeid(areid::model).name();
#endif
}

int returning_wrong(const std::string &folder) {
    const auto version = areid::version();
    HOLDS(version && version->minor > 0 && version.error().status == AREID_OK);
    HOLDS(fails(areid::explain(-5), AREID_INVALID_ARGUMENT, "no code -5"));
    auto opened = areid::runtime::simulator();
    HOLDS(opened.has_value());
    const areid::runtime runtime = std::move(opened).value();
    HOLDS(runtime.is_simulated().value());
    HOLDS(fails(areid::device::open(runtime, 99), AREID_ACL, "107001"));
    const auto device = areid::device::open(runtime);
    HOLDS(device && !device->soc_name()->empty());
    HOLDS(fails(areid::model::load(*device, folder + "/none.om"), AREID_ACL, "none.om"));

    const auto model = areid::model::load(*device, folder + "/relu.om");
    const std::vector<float> x = {-1, 2, -3, 4};
    std::vector<float> y(4);
    const auto ran = model->run({areid::in(x)}, {areid::out(y)});
    HOLDS(ran && y[1] == 2 && y[2] == 0);
    HOLDS(fails(model->run({}, {areid::out(y)}), AREID_INVALID_ARGUMENT, "inputs"));
    HOLDS(model->inputs()->size() == 1 && model->outputs()->at(0).bytes == 16);
    HOLDS(fails(model->set_batch(3), AREID_UNKNOWN_GEAR, ""));
    const areid_input in[] = {areid::in(x)};
    const areid_output out[] = {areid::out(y)};
    HOLDS(fails(model->submit(in, out, {}), AREID_INVALID_ARGUMENT, "empty"));
    const auto run = model->submit(in, out);
    HOLDS(run && run->wait() && *run->done());

    HOLDS(fails(areid::embedder::open(*device, folder + "/relu.om"), AREID_WRONG_MODEL, ""));
    const auto embedder = areid::embedder::open(*device, folder + "/mgn.om");
    const std::string red = folder + "/red.ppm", torn = folder + "/torn.jpg";
    const areid::picture photos[] = {areid::picture::file(red), areid::picture::file(red)};
    const auto features = embedder->embed(photos);
    HOLDS(features && features->size() == 2 && *embedder->dim() == 3);
    const areid::picture bad[] = {areid::picture::file(torn)};
    HOLDS(fails(embedder->embed(bad), AREID_PICTURE, "torn.jpg"));
    const auto gallery = areid::gallery::create(3, AREID_METRIC_COSINE);
    const std::vector<std::int64_t> ids = {5, 6};
    HOLDS(gallery->add(ids, features->values).has_value());
    HOLDS(fails(gallery->add(ids, (*features)[0]), AREID_SIZE_MISMATCH, "numbers"));
    const auto found = gallery->search((*features)[1], 1);
    HOLDS(found && found->found == 1 && found->ids(0)[0] == 5);
    HOLDS(fails(areid::fid(x, y, 3), AREID_SIZE_MISMATCH, "a multiple of 3"));
    HOLDS(fails(areid::evaluate({}, {}, 2), AREID_INVALID_ARGUMENT, ""));
    const auto generator = areid::generator::open(*device, folder + "/dgnet.om");
    HOLDS(generator->generate(photos, photos)->count == 2);
    HOLDS(fails(generator->generate(photos, bad), AREID_SIZE_MISMATCH, "contents"));
    HOLDS(areid::log_to({}).has_value());
    return wrong;
}

#ifdef ALONE
int main(int argc, char **argv) {
    if (argc < 2) return 2;
    (void)returning_wrong(argv[1]);
    std::printf("%d cases, %d wrong\n", cases, wrong);
    return wrong != 0;
}
#endif
