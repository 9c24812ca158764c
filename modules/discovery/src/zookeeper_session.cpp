#include "zookeeper_session.hpp"

#include <zookeeper/zookeeper.h>

#include <functional>
#include <optional>
#include <utility>

namespace flotilla::discovery {

namespace {

/// Failures are told by the calls; the library's own lines would go to stderr.
void no_lines(const char*) {}

Error error_of(int code, const std::string& path) {
    const std::string text = path + ": " + zerror(code);
    switch (code) {
        case ZNONODE:
            return {Errc::not_found, text};
        case ZNODEEXISTS:
            return {Errc::conflict, text};
        case ZOPERATIONTIMEOUT:
            return {Errc::timed_out, text};
        case ZNOAUTH:
        case ZAUTHFAILED:
            return {Errc::refused, text};
        default:
            return {Errc::unavailable, text};
    }
}

/// One call on its way. The library answers each exactly once, on a thread of its own.
struct Op {
    explicit Op(runtime::EventLoop& at) : home(at) {}

    runtime::EventLoop& home;
    std::optional<int> code;  // on the loop, as the rest
    std::vector<std::string> names;
    std::string text;
    runtime::Signal done;
};

using OpPtr = std::shared_ptr<Op>;

/// What the library carries for us.
void* carried(const OpPtr& op) {
    return new OpPtr(op);
}

void finish(const void* data, int code, std::vector<std::string> names, std::string text) {
    const std::unique_ptr<const OpPtr> owner(static_cast<const OpPtr*>(data));
    OpPtr op = *owner;
    runtime::EventLoop& home = op->home;
    home.post([op = std::move(op), code, names = std::move(names), text = std::move(text)]() mutable {
        op->names = std::move(names);
        op->text = std::move(text);
        op->code = code;
        op->done.notify_all();
    });
}

void on_strings(int code, const String_vector* strings, const void* data) {
    std::vector<std::string> names;
    for (int i = 0; strings && i < strings->count; ++i) names.emplace_back(strings->data[i]);
    finish(data, code, std::move(names), {});
}

void on_data(int code, const char* value, int length, const Stat*, const void* data) {
    finish(
        data,
        code,
        {},
        value && length > 0 ? std::string(value, static_cast<std::size_t>(length)) : std::string()
    );
}

void on_stat(int code, const Stat*, const void* data) {
    finish(data, code, {}, {});
}

void on_string(int code, const char*, const void* data) {
    finish(data, code, {}, {});
}

void on_void(int code, const void* data) {
    finish(data, code, {}, {});
}

}  // namespace

struct ZookeeperState : std::enable_shared_from_this<ZookeeperState> {
    runtime::EventLoop& home = runtime::EventLoop::current();
    std::string servers;
    int session_timeout = 0;
    zhandle_t* handle = nullptr;
    std::uint64_t generation = 1;
    std::map<std::string, std::uint64_t> changes;
    runtime::Signal word;

    void open() {
        zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
        handle = zookeeper_init2(servers.c_str(), on_event, session_timeout, nullptr, this, 0, no_lines);
    }

    void close() {
        if (handle) (void)zookeeper_close(std::exchange(handle, nullptr));
    }

    /// On a thread of the library; `context` lives until the handle is closed.
    static void on_event(zhandle_t*, int type, int state, const char* path, void* context) {
        auto* self = static_cast<ZookeeperState*>(context);
        const bool session = type == ZOO_SESSION_EVENT;
        if (session && state != ZOO_EXPIRED_SESSION_STATE) return;
        const std::string where = path ? path : "";
        self->home.post([weak = self->weak_from_this(), session, where] {
            const auto state_now = weak.lock();
            if (!state_now || !state_now->handle) return;
            if (session) {
                state_now->restart();
            } else {
                ++state_now->changes[where];
            }
            state_now->word.notify_all();
        });
    }

    void restart() {
        close();
        ++generation;
        open();
    }

    Task<Result<OpPtr>> call(std::string path, std::function<int(zhandle_t*, const OpPtr&)> start) {
        const auto op = std::make_shared<Op>(home);
        if (!handle) co_return fail(Errc::unavailable, "ZooKeeper's client cannot be started");
        if (const int refused = start(handle, op); refused != ZOK) co_return fail(error_of(refused, path));
        while (!op->code) co_await op->done.wait();
        if (*op->code != ZOK) co_return fail(error_of(*op->code, path));
        co_return op;
    }
};

namespace {

/// A call that the library did not take leaves what it was to carry with us.
int taken(int code, void* data) {
    if (code != ZOK) delete static_cast<OpPtr*>(data);
    return code;
}

}  // namespace

ZookeeperSession::ZookeeperSession(ZookeeperConfig config)
    : config_(std::move(config)), state_(std::make_shared<ZookeeperState>()) {
    state_->servers = config_.connect_string;
    state_->session_timeout = static_cast<int>(config_.session_timeout.count());
    state_->open();
}

ZookeeperSession::~ZookeeperSession() {
    state_->close();
}

Task<Result<std::vector<std::string>>> ZookeeperSession::children(std::string path) {
    const auto state = state_;
    const std::function<int(zhandle_t*, const OpPtr&)> start = [&](zhandle_t* handle, const OpPtr& op) {
        void* data = carried(op);
        return taken(
            zoo_awget_children(handle, path.c_str(), ZookeeperState::on_event, state.get(), on_strings, data),
            data
        );
    };
    FLT_CO_TRY(const OpPtr op, co_await state->call(path, start));
    co_return std::move(op->names);
}

Task<Result<std::string>> ZookeeperSession::read(std::string path) {
    const auto state = state_;
    const std::function<int(zhandle_t*, const OpPtr&)> start = [&](zhandle_t* handle, const OpPtr& op) {
        void* data = carried(op);
        return taken(zoo_aget(handle, path.c_str(), 0, on_data, data), data);
    };
    FLT_CO_TRY(const OpPtr op, co_await state->call(path, start));
    co_return std::move(op->text);
}

Task<Result<bool>> ZookeeperSession::exists(std::string path) {
    const auto state = state_;
    const std::function<int(zhandle_t*, const OpPtr&)> start = [&](zhandle_t* handle, const OpPtr& op) {
        void* data = carried(op);
        return taken(
            zoo_awexists(handle, path.c_str(), ZookeeperState::on_event, state.get(), on_stat, data), data
        );
    };
    const auto found = co_await state->call(path, start);
    if (!found && found.error().code() == Errc::not_found) co_return false;
    if (!found) co_return fail(found.error());
    co_return true;
}

Task<Result<void>> ZookeeperSession::create(std::string path, std::string content, NodeKind kind) {
    const auto state = state_;
    const int mode = kind == NodeKind::container ? ZOO_CONTAINER : ZOO_EPHEMERAL;
    const std::function<int(zhandle_t*, const OpPtr&)> start = [&](zhandle_t* handle, const OpPtr& op) {
        void* data = carried(op);
        return taken(
            zoo_acreate(
                handle,
                path.c_str(),
                content.data(),
                static_cast<int>(content.size()),
                &ZOO_OPEN_ACL_UNSAFE,
                mode,
                on_string,
                data
            ),
            data
        );
    };
    const auto done = co_await state->call(path, start);
    if (!done) co_return fail(done.error());
    co_return Result<void>();
}

Task<Result<void>> ZookeeperSession::remove(std::string path) {
    const auto state = state_;
    const std::function<int(zhandle_t*, const OpPtr&)> start = [&](zhandle_t* handle, const OpPtr& op) {
        void* data = carried(op);
        constexpr int any_version = -1;
        return taken(zoo_adelete(handle, path.c_str(), any_version, on_void, data), data);
    };
    const auto done = co_await state->call(path, start);
    if (!done) co_return fail(done.error());
    co_return Result<void>();
}

std::uint64_t ZookeeperSession::changes(const std::vector<std::string>& paths) const {
    std::uint64_t sum = state_->generation;
    for (const std::string& path : paths) {
        const auto found = state_->changes.find(path);
        if (found != state_->changes.end()) sum += found->second;
    }
    return sum;
}

Task<> ZookeeperSession::change(std::vector<std::string> paths, std::uint64_t seen, Deadline deadline) {
    while (changes(paths) == seen) {
        const runtime::Wake why = co_await state_->word.wait(deadline);
        if (why != runtime::Wake::ready) co_return;
    }
}

std::uint64_t ZookeeperSession::generation() const noexcept {
    return state_->generation;
}

}  // namespace flotilla::discovery
