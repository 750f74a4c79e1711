// Embeds photos of people, puts all but the first into a gallery, and prints which are most like the
// first. With two photos: how alike they are.
// usage: embed_two MGN.om FIRST SECOND ...   (on the simulator)
//
// Written without exceptions, as in code bases that forbid them: each call gives a result.
#define ASCEND_REID_NO_EXCEPTIONS
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "ascend_reid.hpp"

namespace {

template <class T> T need(areid::result<T> result, int code = 1) {
    if (!result) {
        std::fprintf(stderr, "%s: %s\n", areid_status_name(result.error().status), result.error().text.c_str());
        std::exit(code);
    }
    return std::move(*result);
}

void need(const areid::result<void> &result) {
    if (result) return;
    std::fprintf(stderr, "%s: %s\n", areid_status_name(result.error().status), result.error().text.c_str());
    std::exit(1);
}

} // namespace

int main(int argc, char **argv) {
    if (argc < 4) {
        std::fprintf(stderr, "usage: embed_two MGN.om FIRST SECOND ...\n");
        return 2;
    }
    const auto runtime = need(areid::runtime::simulator(), 3);
    const auto device = need(areid::device::open(runtime));
    const auto embedder = need(areid::embedder::open(device, argv[1]));
    std::vector<areid::picture> photos;
    std::vector<std::int64_t> ids;
    for (int i = 2; i < argc; i++) {
        photos.push_back(areid::picture::file(argv[i]));
        if (i > 2) ids.push_back(i);
    }
    const auto features = need(embedder.embed(photos));
    const auto gallery = need(areid::gallery::create(features.dim, AREID_METRIC_COSINE));
    const areid::span<const float> rest(features.values.data() + features.dim, ids.size() * features.dim);
    need(gallery.add(ids, rest));
    const auto matches = need(gallery.search(features[0], ids.size()));
    for (std::size_t i = 0; i < matches.found; i++) {
        std::printf("similarity %.4f %s\n", 1 - matches.distances(0)[i], argv[matches.ids(0)[i]]);
    }
    return 0;
}
