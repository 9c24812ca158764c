#include "dns_server.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <span>

namespace flotilla::registry {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t largest_query = 4096;
constexpr Duration patience = 10s;  // with a TCP client, for each query
/// Queries answered in a row before others on the loop have their turn.
constexpr int burst = 64;

Error last_error(std::string context) {
    const std::error_code code(errno, std::system_category());
    if (code == std::errc::address_in_use) return {Errc::conflict, std::move(context)};
    return {code, std::move(context)};
}

/// The same for a listener, whose error has no code of its own for this.
Error listen_error(const Error& error) {
    if (error.message().find("Address already in use") == std::string::npos) return error;
    return {Errc::conflict, error.message()};
}

/// Reads exactly that many bytes; false at the end, on an error or when it takes too long.
Task<bool> read_exactly(runtime::Stream& stream, std::span<char> into, Deadline deadline) {
    while (!into.empty()) {
        const auto got = co_await stream.read_some(into, deadline);
        if (!got || *got == 0) co_return false;
        into = into.subspan(*got);
    }
    co_return true;
}

/// Counts one connection, however it ends.
class Counted {
public:
    explicit Counted(std::size_t& count) : count_(count) { ++count_; }

    ~Counted() { --count_; }

    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

private:
    std::size_t& count_;
};

}  // namespace

DnsServer::DnsServer(
    SharedRegistry& registry, runtime::Runtime& runtime, ConsulConfig config, log::Logger log
)
    : registry_(registry), loop_(runtime.loop(0)), config_(std::move(config)), log_(log) {}

DnsServer::~DnsServer() = default;

std::string DnsServer::reply_to(std::string_view message, Transport transport) {
    return registry_.with([&](InstanceRegistry& core, Moment at) {
        return serve_dns(message, config_, core, random_, transport, at);
    });
}

Result<void> DnsServer::listen() {
    FLT_TRY(runtime::Endpoint at, runtime::Endpoint::parse(config_.dns_address, config_.dns_port));
    auto tcp = runtime::Listener::open(loop_, at);
    if (!tcp) return fail(listen_error(tcp.error()));
    at.set_port(tcp->local().port());
    const int fd = ::socket(at.is_v6() ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return fail(last_error("DNS"));
    auto udp = std::make_unique<runtime::Descriptor>(loop_, fd);
    if (::bind(fd, at.data(), at.size()) != 0) return fail(last_error("DNS on " + at.text()));
    tcp_ = std::make_unique<runtime::Listener>(*std::move(tcp));
    udp_ = std::move(udp);
    port_ = at.port();
    log_.info("DNS for *.{} on {}, UDP and TCP", config_.domain, at.text());
    return {};
}

Task<Result<void>> DnsServer::start() {
    FLT_CO_CHECK(listen());
    scope_ = std::make_unique<runtime::TaskScope>(loop_);
    scope_->spawn("DNS over UDP", serve_udp());
    scope_->spawn("DNS over TCP", accept_tcp());
    co_return Result<void>();
}

Task<Result<void>> DnsServer::stop() {
    if (scope_) co_await scope_->stop();
    udp_.reset();
    tcp_.reset();
    co_return Result<void>();
}

Task<> DnsServer::serve_udp() {
    std::array<char, largest_query> buffer;
    int left = burst;
    while (true) {
        sockaddr_storage from{};
        socklen_t size = sizeof from;
        const ssize_t got = ::recvfrom(
            udp_->fd(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size
        );
        if (got < 0) {
            // Errors of earlier sends show here too; they concern one asker only.
            if (errno == EAGAIN || errno == EWOULDBLOCK) {
                udp_->mark_drained();
                co_await udp_->readable();
                left = burst;
            }
            continue;
        }
        const std::string reply =
            reply_to(std::string_view(buffer.data(), static_cast<std::size_t>(got)), Transport::udp);
        if (!reply.empty())
            static_cast<void>(::sendto(
                udp_->fd(), reply.data(), reply.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&from), size
            ));
        if (--left == 0) {
            left = burst;
            co_await runtime::yield();
        }
    }
}

Task<> DnsServer::accept_tcp() {
    while (true) {
        auto accepted = co_await tcp_->accept();
        if (!accepted && accepted.error().code() == Errc::cancelled) co_return;  // it is being stopped
        if (!accepted) {
            log_.warn("DNS over TCP: {}", accepted.error().message());
            co_await runtime::sleep_for(100ms);
            continue;
        }
        if (connections_ >= most_connections) continue;  // closed at once: UDP still answers
        scope_->spawn("DNS connection", serve_tcp(std::make_shared<runtime::Stream>(*std::move(accepted))));
    }
}

Task<> DnsServer::serve_tcp(std::shared_ptr<runtime::Stream> stream) {
    const Counted counted(connections_);
    std::array<char, 2> length;
    std::string message;
    while (true) {
        const Deadline deadline = Deadline::after(loop_.clock().now(), patience);
        const bool has_length = co_await read_exactly(*stream, length, deadline);
        if (!has_length) co_return;
        const auto size = static_cast<std::size_t>(static_cast<unsigned char>(length[0])) << 8 |
                          static_cast<unsigned char>(length[1]);
        if (size > largest_query) co_return;
        message.resize(size);
        const bool whole = co_await read_exactly(*stream, message, deadline);
        if (!whole) co_return;
        const std::string reply = reply_to(message, Transport::tcp);
        if (reply.empty()) co_return;
        const char prefix[] = {static_cast<char>(reply.size() >> 8), static_cast<char>(reply.size() & 0xFF)};
        const std::string_view head(prefix, sizeof prefix);
        const auto sent = co_await stream->write_all(head, reply, deadline);
        if (!sent) co_return;
    }
}

}  // namespace flotilla::registry
