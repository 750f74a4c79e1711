/* ascend_reid.hpp: ascend_reid.h for C++17 and later. A header alone: no library, no ABI of its own.
 *
 * Each handle is a class that can be moved, not copied, and frees what it holds. What a function does,
 * and which errors it has, is said in ascend_reid.h at the C function of its name.
 *
 * A failure throws areid::error. With ASCEND_REID_NO_EXCEPTIONS defined before the header nothing
 * throws (-fno-exceptions is fine): a function that returns T returns areid::result<T>, which is
 * either a T or an areid::failure and complains when it is not looked at. Translation units with and
 * without the macro, and of several C++ standards, can be linked into one program.
 *
 * Views are std::span where the standard has it, else an areid::span of the same use.
 */
#ifndef ASCEND_REID_HPP
#define ASCEND_REID_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "ascend_reid.h"

#if __cplusplus >= 202002L && __has_include(<span>)
#include <span>
#define ASCEND_REID_SPAN_ std
#else
#define ASCEND_REID_SPAN_ own
#endif
#ifdef ASCEND_REID_NO_EXCEPTIONS
#include <cstdlib>
#define ASCEND_REID_MODE_ returning
#else
#include <stdexcept>
#define ASCEND_REID_MODE_ throwing
#endif
#define ASCEND_REID_JOIN_(a, b) a##_##b
#define ASCEND_REID_NAME_(a, b) ASCEND_REID_JOIN_(a, b)

namespace areid {
/* Its name differs by mode and standard, so that the classes of two are two. */
inline namespace ASCEND_REID_NAME_(ASCEND_REID_MODE_, ASCEND_REID_SPAN_) {

#if __cplusplus >= 202002L && __has_include(<span>)
template <class T> using span = std::span<T>;
#else
/* A view of elements; it owns nothing. */
template <class T> class span {
    T *data_ = nullptr;
    std::size_t size_ = 0;

public:
    constexpr span() noexcept = default;
    constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <std::size_t N> constexpr span(T (&array)[N]) noexcept : data_(array), size_(N) {}
    /* From whatever has data() and size(): std::vector, std::array, std::string, another span. */
    template <class C, class = decltype(std::declval<C &>().size()),
              class = std::enable_if_t<std::is_convertible_v<
                  std::remove_pointer_t<decltype(std::declval<C &>().data())> (*)[], T (*)[]>>>
    constexpr span(C &&container) noexcept : data_(container.data()), size_(container.size()) {}
    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    constexpr T &operator[](std::size_t index) const noexcept { return data_[index]; }
};
#endif

/* Why a call failed. */
struct failure {
    areid_status status = AREID_OK;
    std::string text; /* with the whole chain of causes */
};

#ifdef ASCEND_REID_NO_EXCEPTIONS
/* A T, or why there is none. Taking what is not there ends the program. */
template <class T> class [[nodiscard]] result {
    std::optional<T> value_;
    failure failure_;

public:
    result(T value) : value_(std::move(value)) {}
    result(failure why) : failure_(std::move(why)) {}
    explicit operator bool() const noexcept { return value_.has_value(); }
    bool has_value() const noexcept { return value_.has_value(); }
    T &value() & { return value_ ? *value_ : (std::abort(), *value_); }
    const T &value() const & { return value_ ? *value_ : (std::abort(), *value_); }
    T &&value() && { return std::move(value()); }
    T &operator*() & { return value(); }
    const T &operator*() const & { return value(); }
    T &&operator*() && { return std::move(value()); }
    T *operator->() { return &value(); }
    const T *operator->() const { return &value(); }
    const failure &error() const noexcept { return failure_; }
};
template <> class [[nodiscard]] result<void> {
    failure failure_;

public:
    result() = default;
    result(failure why) : failure_(std::move(why)) {}
    explicit operator bool() const noexcept { return failure_.status == AREID_OK; }
    bool has_value() const noexcept { return failure_.status == AREID_OK; }
    const failure &error() const noexcept { return failure_; }
};
#else
/* What a failed call throws; what() begins with the status's name. */
class error : public std::runtime_error {
    areid_status status_;

public:
    explicit error(const failure &why)
        : std::runtime_error(std::string(areid_status_name(why.status)) + ": " + why.text), status_(why.status) {}
    areid_status status() const noexcept { return status_; }
};
#endif

namespace detail {
#ifdef ASCEND_REID_NO_EXCEPTIONS
template <class T> using returns = result<T>;
template <class T> result<T> fail(areid_status status, std::string text) { return failure{status, std::move(text)}; }
inline result<void> done() { return {}; }
#else
template <class T> using returns = T;
template <class T> [[noreturn]] T fail(areid_status status, std::string text) { throw error({status, std::move(text)}); }
inline void done() {}
#endif
template <class T> returns<T> fail(areid_status status) { return fail<T>(status, areid_last_error()); }
/* Lists of C++ know their sizes: those that do not fit are refused before C sees them. */
template <class T> returns<T> mismatch(const char *what, std::size_t got, const char *wanted, std::size_t number) {
    return fail<T>(AREID_SIZE_MISMATCH,
                   what + (": got " + std::to_string(got)) + ", want " + wanted + " " + std::to_string(number));
}
template <class T> returns<T> when(areid_status status, T value) {
    if (status) return fail<T>(status);
    return value;
}
inline returns<void> check(areid_status status) { return status ? fail<void>(status) : done(); }

/* Calls a C function whose last argument takes a value or a handle, and makes a T of it. */
template <class T, class... P, class... A> returns<T> made(areid_status (*call)(P...), A... arguments) {
    std::remove_pointer_t<std::tuple_element_t<sizeof...(A), std::tuple<P...>>> raw{};
    const areid_status status = call(arguments..., &raw);
    if (status) return fail<T>(status);
    return T(raw);
}
/* Calls a C function that writes a text, first for its length. */
template <class Call> returns<std::string> text(Call call) {
    std::size_t bytes = 0;
    areid_status status = call(static_cast<char *>(nullptr), 0, &bytes);
    if (status) return fail<std::string>(status);
    std::string words(bytes, '\0');
    status = call(&words[0], bytes, nullptr);
    if (status) return fail<std::string>(status);
    words.pop_back();
    return words;
}

/* What all handles have in common. */
template <class T, areid_status (*Free)(T *)> class handle {
    struct deleter { void operator()(T *raw) const noexcept { Free(raw); } };
    std::unique_ptr<T, deleter> raw_;

public:
    /* Takes a handle of the C functions over; an empty one holds none, and calls with it fail. */
    explicit handle(T *raw = nullptr) noexcept : raw_(raw) {}
    /* The handle for the C functions: still this object's by get, the caller's to free by release. */
    T *get() const noexcept { return raw_.get(); }
    T *release() noexcept { return raw_.release(); }
    explicit operator bool() const noexcept { return raw_ != nullptr; }
};

/* Hands a callable to C, which calls it once; what it throws ends the program. */
using ended = std::function<void(areid_status, const char *)>;
inline void call_once(void *user, areid_status status, const char *text) noexcept {
    std::unique_ptr<ended> callable(static_cast<ended *>(user));
    (*callable)(status, text);
}
} // namespace detail

/* What functions return: T, or result<T> with ASCEND_REID_NO_EXCEPTIONS. */
template <class T> using returns = detail::returns<T>;

/* Elements to read and to write, for a run of a model. The caller keeps them alive. */
template <class C> areid_input in(const C &elements) noexcept {
    return {std::data(elements), std::size(elements) * sizeof *std::data(elements)};
}
template <class C> areid_output out(C &elements) noexcept {
    return {std::data(elements), std::size(elements) * sizeof *std::data(elements)};
}

/* The library's version. */
struct version_triple { int major = 0, minor = 0, patch = 0; };
inline returns<version_triple> version() {
    version_triple v;
    const areid_status status = areid_version(&v.major, &v.minor, &v.patch);
    return detail::when(status, v);
}

/* What a code of AscendCL means: meaning, causes and cure, a line each. */
inline returns<std::string> explain(std::int32_t code, areid_language language = AREID_ENGLISH) {
    return detail::text([&](char *buffer, std::size_t capacity, std::size_t *needed) {
        return areid_acl_explain(code, language, buffer, capacity, needed);
    });
}

/* Hands lines of the log, up to a level, to a callable; an empty one ends that. It is called from any
 * thread, also from several at once; what it throws ends the program. */
using log_callable = std::function<void(std::int32_t level, const char *target, const char *message)>;
inline returns<void> log_to(log_callable callable, areid_log_level level = AREID_LOG_LEVEL_INFO) {
    static std::mutex turn;
    /* Never destroyed: the library's threads may still tell something when the program ends. */
    static std::unique_ptr<log_callable> &current = *new std::unique_ptr<log_callable>;
    const std::lock_guard<std::mutex> mine(turn);
    std::unique_ptr<log_callable> next;
    if (callable) next = std::make_unique<log_callable>(std::move(callable));
    const areid_log_callback tell = [](void *user, std::int32_t at, const char *target, const char *text) noexcept {
        (*static_cast<log_callable *>(user))(at, target, text);
    };
    const areid_status status = areid_log_set(next ? tell : nullptr, next.get(), next ? level : AREID_LOG_LEVEL_OFF);
    if (!status) current = std::move(next); /* the one before is not called any more */
    return detail::check(status);
}

struct runtime_options {
    areid_backend backend = AREID_BACKEND_AUTO;
    std::string library; /* for AREID_BACKEND_LIBRARY */
    std::string profile; /* for AREID_BACKEND_SIMULATOR; empty: as the environment says */
};

/* AscendCL, opened and initialised. */
class runtime : public detail::handle<areid_runtime, areid_runtime_free> {
public:
    using handle::handle;
    static returns<runtime> open(const runtime_options &wishes = {}) {
        const auto text = [](const std::string &words) noexcept { return words.empty() ? nullptr : words.c_str(); };
        const areid_runtime_options options = {sizeof options, wishes.backend, 0, text(wishes.library),
                                               text(wishes.profile)};
        return detail::made<runtime>(areid_runtime_new, &options);
    }
    static returns<runtime> simulator() { return open({AREID_BACKEND_SIMULATOR, {}, {}}); }
    returns<std::uint32_t> device_count() const {
        return detail::made<std::uint32_t>(areid_runtime_device_count, get());
    }
    returns<bool> is_simulated() const { return detail::made<bool>(areid_runtime_is_simulated, get()); }
};

/* A device with a context of its own. */
class device : public detail::handle<areid_device, areid_device_free> {
public:
    using handle::handle;
    static returns<device> open(const runtime &from, std::int32_t id = 0) {
        return detail::made<device>(areid_device_open, from.get(), id);
    }
    returns<std::string> soc_name() const {
        return detail::text([this](char *buffer, std::size_t capacity, std::size_t *needed) {
            return areid_device_soc_name(get(), buffer, capacity, needed);
        });
    }
};

/* What an input or output of a model is, for the gear that is set. */
struct tensor {
    std::string name;
    std::int32_t dtype = 0; /* as aclDataType: 0 float32, 1 float16, ... */
    std::vector<std::int64_t> dims;
    std::size_t bytes = 0, max_bytes = 0;
    std::size_t elements() const {
        std::size_t count = 1;
        for (const std::int64_t dim : dims) count *= static_cast<std::size_t>(dim);
        return count;
    }
};

/* The sizes that a model was compiled for: a row for each. */
struct gear_list {
    areid_gear_kind kind = AREID_GEAR_KIND_STATIC;
    std::vector<std::vector<std::int64_t>> rows;
};

/* A run that was submitted. Its end waits for the run, so that the buffers are the caller's again. */
class run : public detail::handle<areid_run, areid_run_free> {
public:
    using handle::handle;
    returns<bool> done() const { return detail::made<bool>(areid_run_poll, get()); }
    /* Waits, negative for ever; fails as the run did, or with AREID_TIMEOUT. */
    returns<void> wait(std::int64_t milliseconds = -1) const {
        return detail::check(areid_run_wait(get(), milliseconds));
    }
};

/* Any model, and memory for its runs. */
class model : public detail::handle<areid_model, areid_model_free> {
    returns<std::vector<tensor>> describe(areid_side side) const {
        std::vector<tensor> tensors;
        std::size_t counts[2] = {};
        areid_status status = areid_model_counts(get(), &counts[0], &counts[1]);
        for (std::size_t i = 0; !status && i < counts[side]; i++) {
            areid_tensor_info info{};
            status = areid_model_describe(get(), side, i, &info);
            if (!status)
                tensors.push_back({info.name, info.dtype, {info.dims, info.dims + info.rank}, info.bytes, info.max_bytes});
        }
        return detail::when(status, std::move(tensors));
    }

public:
    using handle::handle;
    static returns<model> load(const device &on, const std::string &path) {
        return detail::made<model>(areid_model_load_file, on.get(), path.c_str());
    }
    static returns<model> load_memory(const device &on, span<const std::uint8_t> om) {
        return detail::made<model>(areid_model_load_memory, on.get(), om.data(), om.size());
    }
    returns<std::vector<tensor>> inputs() const { return describe(AREID_INPUTS); }
    returns<std::vector<tensor>> outputs() const { return describe(AREID_OUTPUTS); }
    returns<gear_list> gears() const {
        std::int32_t kind = 0;
        std::size_t count = 0, width = 0;
        areid_status status = areid_model_gears(get(), &kind, &count, &width, nullptr, 0);
        std::vector<std::int64_t> all(count * width);
        if (!status) status = areid_model_gears(get(), &kind, &count, &width, all.data(), all.size());
        gear_list made{static_cast<areid_gear_kind>(kind), {}};
        for (auto row = all.begin(); row != all.end(); row += static_cast<std::ptrdiff_t>(width))
            made.rows.emplace_back(row, row + static_cast<std::ptrdiff_t>(width));
        return detail::when(status, std::move(made));
    }
    returns<void> set_batch(std::uint64_t batch) const { return detail::check(areid_model_set_batch(get(), batch)); }
    returns<void> set_image_size(std::uint64_t height, std::uint64_t width) const {
        return detail::check(areid_model_set_image_size(get(), height, width));
    }
    returns<void> set_dims(span<const std::int64_t> dims) const {
        return detail::check(areid_model_set_dims(get(), dims.data(), dims.size()));
    }
    /* As in model.run({areid::in(x)}, {areid::out(y)}). */
    returns<void> run(std::initializer_list<areid_input> inputs, std::initializer_list<areid_output> outputs) const {
        return detail::check(areid_model_run(get(), inputs.begin(), inputs.size(), outputs.begin(), outputs.size()));
    }
    returns<void> run(span<const areid_input> inputs, span<const areid_output> outputs) const {
        return detail::check(areid_model_run(get(), inputs.data(), inputs.size(), outputs.data(), outputs.size()));
    }
    /* Returns at once; the buffers belong to the run until it is done. */
    returns<areid::run> submit(span<const areid_input> inputs, span<const areid_output> outputs) const {
        return detail::made<areid::run>(areid_model_submit, get(), inputs.data(), inputs.size(), outputs.data(),
                                        outputs.size(), nullptr, nullptr);
    }
    /* The same; then(status, text or null) is called once, on a thread of the library. */
    returns<void> submit(span<const areid_input> inputs, span<const areid_output> outputs, detail::ended then) const {
        if (!then) return detail::fail<void>(AREID_INVALID_ARGUMENT, "submit: the callable is empty");
        auto callable = std::make_unique<detail::ended>(std::move(then));
        const areid_status status = areid_model_submit(get(), inputs.data(), inputs.size(), outputs.data(),
                                                       outputs.size(), detail::call_once, callable.get(), nullptr);
        if (!status) (void)callable.release(); /* the call's to free */
        return detail::check(status);
    }
};

/* A picture: a file, the bytes of one, or pixels. It owns nothing: the caller keeps those alive. */
struct picture : areid_picture {
    static picture file(const char *path) noexcept { return {{AREID_PICTURE_KIND_FILE, 0, 0, 0, 0, path, 0}}; }
    static picture file(const std::string &path) noexcept { return file(path.c_str()); }
    static picture file(std::string &&) = delete; /* it would be gone before the picture is read */
    static picture encoded(span<const std::uint8_t> from) noexcept {
        return {{AREID_PICTURE_KIND_ENCODED, 0, 0, 0, 0, from.data(), from.size()}};
    }
    /* Pixels of a kind, rows without a gap unless row_bytes says so. */
    static picture pixels(areid_picture_kind of, span<const std::uint8_t> from, std::uint32_t columns,
                          std::uint32_t rows, std::size_t row_bytes = 0) noexcept {
        return {{of, columns, rows, 0, row_bytes, from.data(), from.size()}};
    }
};
static_assert(sizeof(picture) == sizeof(areid_picture), "a list of pictures is one of areid_picture");

/* Rows of numbers. */
struct features {
    std::size_t dim = 0;
    std::vector<float> values;
    std::size_t size() const noexcept { return dim ? values.size() / dim : 0; }
    span<const float> operator[](std::size_t row) const { return {values.data() + row * dim, dim}; }
};

/* The cosine of the angle between two rows: 1 for the same direction; 0 if one is all zeros. */
inline double similarity(span<const float> a, span<const float> b) noexcept {
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t i = 0; i < a.size() && i < b.size(); i++) {
        ab += double(a[i]) * double(b[i]);
        aa += double(a[i]) * double(a[i]);
        bb += double(b[i]) * double(b[i]);
    }
    return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

struct embedder_options { bool flip = true, normalise = true; };

/* A model that turns pictures of people into features (MGN). */
class embedder : public detail::handle<areid_embedder, areid_embedder_free> {
    static areid_embedder_options plain(const embedder_options &wishes) noexcept {
        return {sizeof(areid_embedder_options), !wishes.flip, !wishes.normalise};
    }

public:
    using handle::handle;
    static returns<embedder> open(const device &on, const std::string &path, const embedder_options &wishes = {}) {
        const auto options = plain(wishes);
        return detail::made<embedder>(areid_embedder_open, on.get(), path.c_str(), &options);
    }
    static returns<embedder> open_memory(const device &on, span<const std::uint8_t> om,
                                         const embedder_options &wishes = {}) {
        const auto options = plain(wishes);
        return detail::made<embedder>(areid_embedder_open_memory, on.get(), om.data(), om.size(), &options);
    }
    /* Takes a loaded model over; on failure it stays with the caller. */
    static returns<embedder> from_model(model &&loaded, const embedder_options &wishes = {}) {
        const auto options = plain(wishes);
        areid_embedder *raw = nullptr;
        const areid_status status = areid_embedder_from_model(loaded.get(), &options, &raw);
        if (status) return detail::fail<embedder>(status);
        (void)loaded.release(); /* the C function has freed it */
        return embedder(raw);
    }
    returns<std::size_t> dim() const { return detail::made<std::size_t>(areid_embedder_dim, get()); }
    returns<std::size_t> batch() const { return detail::made<std::size_t>(areid_embedder_batch, get()); }
    /* Writes float32 [pictures, dim]. */
    returns<void> embed_into(span<const picture> pictures, span<float> rows) const {
        return detail::check(areid_embedder_run(get(), pictures.data(), pictures.size(), rows.data(), rows.size()));
    }
    returns<features> embed(span<const picture> pictures) const {
        features made;
        areid_status status = areid_embedder_dim(get(), &made.dim);
        if (status) return detail::fail<features>(status);
        made.values.resize(pictures.size() * made.dim);
        status = areid_embedder_run(get(), pictures.data(), pictures.size(), made.values.data(), made.values.size());
        return detail::when(status, std::move(made));
    }
};

/* What a search found: `found` rows for each query, nearest first. */
struct matches {
    std::size_t top = 0, found = 0;
    std::vector<std::int64_t> row_ids; /* [queries, top] */
    std::vector<double> row_distances;
    std::size_t size() const noexcept { return top ? row_ids.size() / top : 0; }
    span<const std::int64_t> ids(std::size_t query) const { return {row_ids.data() + query * top, found}; }
    span<const double> distances(std::size_t query) const { return {row_distances.data() + query * top, found}; }
};

/* Features with ids, to be searched. */
class gallery : public detail::handle<areid_gallery, areid_gallery_free> {
public:
    using handle::handle;
    static returns<gallery> create(std::size_t dim, areid_metric metric = AREID_METRIC_EUCLIDEAN) {
        const areid_gallery_options options = {sizeof options, metric, 0};
        return detail::made<gallery>(areid_gallery_new, dim, &options);
    }
    static returns<gallery> load(const std::string &path) {
        return detail::made<gallery>(areid_gallery_load, path.c_str());
    }
    returns<void> save(const std::string &path) const { return detail::check(areid_gallery_save(get(), path.c_str())); }
    /* One id for each row of features. */
    returns<void> add(span<const std::int64_t> ids, span<const float> rows) const {
        std::size_t count = 0, dim = 0;
        const areid_status status = areid_gallery_shape(get(), &count, &dim);
        if (status) return detail::fail<void>(status);
        if (rows.size() % dim != 0 || rows.size() / dim != ids.size())
            return detail::mismatch<void>("add: numbers", rows.size(), "for each id", dim);
        return detail::check(areid_gallery_add(get(), ids.data(), rows.data(), ids.size()));
    }
    /* Returns how many rows had the id. */
    returns<std::size_t> remove(std::int64_t id) const {
        return detail::made<std::size_t>(areid_gallery_remove, get(), id);
    }
    struct extent { std::size_t rows, dim; };
    returns<extent> shape() const {
        extent shape{};
        const areid_status status = areid_gallery_shape(get(), &shape.rows, &shape.dim);
        return detail::when(status, shape);
    }
    returns<matches> search(span<const float> queries, std::size_t top) const {
        std::size_t count = 0, dim = 0;
        areid_status status = areid_gallery_shape(get(), &count, &dim);
        if (status) return detail::fail<matches>(status);
        if (queries.size() % dim != 0)
            return detail::mismatch<matches>("search: numbers", queries.size(), "a multiple of", dim);
        matches made;
        made.top = top < count ? top : count; /* room for no more than there is */
        if (made.top == 0 && top != 0) return made;
        made.row_ids.resize(queries.size() / dim * made.top);
        made.row_distances.resize(made.row_ids.size());
        status = areid_gallery_search(get(), queries.data(), queries.size() / dim, made.top, made.row_ids.data(),
                                      made.row_distances.data(), &made.found);
        return detail::when(status, std::move(made));
    }
};

/* Features with the truth about them: a person and a camera for each row. */
struct labelled {
    span<const float> features;
    span<const std::int32_t> ids, cameras;
};

struct evaluate_options {
    areid_metric metric = AREID_METRIC_EUCLIDEAN;
    areid_protocol protocol = AREID_PROTOCOL_MARKET1501;
    bool rerank = false, normalise = true;
    std::uint32_t k1 = 20, k2 = 6;
    double lambda = 0.3;
};

struct scores : areid_scores {
    std::vector<double> cmc; /* [k]: the share of queries with a right answer among the first k + 1 */
};

inline returns<scores> evaluate(const labelled &query, const labelled &gallery, std::size_t dim,
                                std::size_t cmc_ranks = 10, const evaluate_options &wishes = {}) {
    for (const labelled *set : {&query, &gallery}) {
        const std::size_t rows = set->ids.size();
        if (set->cameras.size() != rows)
            return detail::mismatch<scores>("evaluate: cameras", set->cameras.size(), "as many as ids,", rows);
        if (dim == 0 || set->features.size() % dim != 0 || set->features.size() / dim != rows)
            return detail::mismatch<scores>("evaluate: numbers", set->features.size(), "for each id", dim);
    }
    const areid_evaluate_options options = {sizeof options,    wishes.metric, wishes.protocol, wishes.rerank,
                                            !wishes.normalise, wishes.k1,     wishes.k2,       wishes.lambda};
    const auto plain = [](const labelled &set) noexcept {
        return areid_labelled_set{set.ids.size(), set.features.data(), set.ids.data(), set.cameras.data()};
    };
    const areid_labelled_set sets[] = {plain(query), plain(gallery)};
    scores made{};
    made.cmc.resize(cmc_ranks);
    const areid_status status = areid_evaluate(&sets[0], &sets[1], dim, &options, &made, made.cmc.data(), cmc_ranks);
    return detail::when(status, std::move(made));
}

/* The Frechet distance of two sets of features. */
inline returns<double> fid(span<const float> first, span<const float> second, std::size_t dim) {
    for (const auto *set : {&first, &second})
        if (dim == 0 || set->size() % dim != 0)
            return detail::mismatch<double>("fid: numbers", set->size(), "a multiple of", dim);
    return detail::made<double>(areid_fid, first.data(), first.size() / dim, second.data(), second.size() / dim, dim);
}

/* Pictures that were drawn: uint8 [count, height, width, 3], R, G, B. */
struct images {
    std::size_t count = 0, height = 0, width = 0;
    std::vector<std::uint8_t> rgb;
};

/* A model that draws people in other people's clothes (DG-Net). */
class generator : public detail::handle<areid_generator, areid_generator_free> {
public:
    using handle::handle;
    static returns<generator> open(const device &on, const std::string &path) {
        return detail::made<generator>(areid_generator_open, on.get(), path.c_str());
    }
    static returns<generator> open_memory(const device &on, span<const std::uint8_t> om) {
        return detail::made<generator>(areid_generator_open_memory, on.get(), om.data(), om.size());
    }
    struct extent { std::size_t height, width, batch; };
    returns<extent> shape() const {
        extent shape{};
        const areid_status status = areid_generator_shape(get(), &shape.height, &shape.width, &shape.batch);
        return detail::when(status, shape);
    }
    /* As many contents as structures. */
    returns<images> generate(span<const picture> structures, span<const picture> contents) const {
        if (structures.size() != contents.size())
            return detail::mismatch<images>("generate: contents", contents.size(), "as many as structures,",
                                            structures.size());
        images made;
        std::size_t batch = 0;
        areid_status status = areid_generator_shape(get(), &made.height, &made.width, &batch);
        if (status) return detail::fail<images>(status);
        made.count = structures.size();
        made.rgb.resize(made.count * made.height * made.width * 3);
        status = areid_generator_run(get(), structures.data(), contents.data(), made.count, made.rgb.data(),
                                     made.rgb.size());
        return detail::when(status, std::move(made));
    }
};

} // inline namespace
} // namespace areid

#undef ASCEND_REID_SPAN_
#undef ASCEND_REID_MODE_
#undef ASCEND_REID_JOIN_
#undef ASCEND_REID_NAME_

#endif /* ASCEND_REID_HPP */
