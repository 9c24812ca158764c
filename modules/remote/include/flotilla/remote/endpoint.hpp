#pragma once
/// Methods of another service, declared once and called like functions.
///
///     struct OrderClient {
///         static constexpr remote::Target target{.service = "order-service"};
///
///         remote::Get<"/order-service/{userId}/orders", std::vector<Order>(Path<"userId">)> get_orders;
///         remote::Post<"/order-service/{userId}/orders", Order(Path<"userId">, Body<OrderIn>)> create_order;
///     };
///     FLT_DESCRIBE(OrderClient, get_orders, create_order)
///
///     auto orders = remote.client<OrderClient>();
///     FLT_CO_TRY(auto list, co_await orders.get_orders(user_id));
///
/// A placeholder without its Path, a Path without its placeholder and two bodies do not compile. A test
/// assigns functions to the members instead: `OrderClient fake; fake.get_orders = [](auto) { … };`

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "flotilla/base/assert.hpp"
#include "flotilla/remote/bound_method.hpp"
#include "flotilla/remote/declaration.hpp"
#include "flotilla/remote/parameters.hpp"
#include "flotilla/remote/stub_reply.hpp"
#include "flotilla/runtime/task.hpp"

namespace flotilla::remote {

template <http::Method verb, Name path, class Signature>
class Endpoint;

/// A declared method. A value: copies speak to the same service. It must be bound to a client
/// (`Remote::client`) or be given a function before it is called.
template <http::Method verb, Name path, class R, class... P>
class Endpoint<verb, path, R(P...)> {
    static_assert(detail::check_declaration<path, P...>());

public:
    using Value = R;
    using Stub = std::function<Task<Reply<R>>(detail::Argument<P>...)>;
    using Fallback = std::function<Task<Reply<R>>(const CallError&, detail::Argument<P>...)>;

    static constexpr http::Method method = verb;
    static constexpr std::string_view pattern = path.view();

    Endpoint() = default;

    /// Everything that is given has been read when this returns: views and temporaries are fine.
    Task<Reply<R>> operator()(detail::Argument<P>... arguments) const {
        if (stub_) return (*stub_)(arguments...);
        FLT_ASSERT(bound_ != nullptr);
        OutgoingRequest request = bound_->begin(options_);
        encode_path(request, arguments...);
        (detail::Parameter<P>::encode(request, arguments), ...);
        if (!fallback_) return run(*bound_, std::move(request), options_.timeout);
        return run_or_fall_back(
            *bound_,
            std::move(request),
            options_.timeout,
            fallback_,
            std::tuple<typename detail::Parameter<P>::Kept...>(typename detail::Parameter<P>::Kept(arguments
            )...)
        );
    }

    /// The same method with a time limit of its own for the whole call.
    [[nodiscard]] Endpoint within(std::chrono::milliseconds timeout) const {
        Endpoint other(*this);
        other.options_.timeout = timeout;
        return other;
    }

    /// The same method with one more header.
    [[nodiscard]] Endpoint header(std::string_view name, std::string_view value) const {
        Endpoint other(*this);
        other.options_.headers.emplace_back(name, value);
        return other;
    }

    /// The same method with an answer for when there is none: a function of the error, or of the error and
    /// the arguments, that returns a value, a Result, or a Task.
    template <class F>
    [[nodiscard]] Endpoint or_else(F function) const {
        Endpoint other(*this);
        if constexpr (std::is_invocable_v<F&, const CallError&, detail::Argument<P>...>) {
            other.fallback_ = std::make_shared<const Fallback>(
                [f = std::move(function)](const CallError& error, detail::Argument<P>... arguments) mutable {
                    return detail::reply_of<R>(f, error, arguments...);
                }
            );
        } else {
            other.fallback_ =
                std::make_shared<const Fallback>([f = std::move(function)](
                                                     const CallError& error, detail::Argument<P>...
                                                 ) mutable { return detail::reply_of<R>(f, error); });
        }
        return other;
    }

    /// A function in place of the service: a test double, or a fallback object's member.
    template <class F>
        requires std::is_invocable_v<F&, detail::Argument<P>...>
    Endpoint& operator=(F function) {
        stub_ = std::make_shared<const Stub>([f = std::move(function)](detail::Argument<P>... arguments
                                             ) mutable { return detail::reply_of<R>(f, arguments...); });
        return *this;
    }

    /// For Remote. `bound` outlives this and its copies.
    void bind(const BoundMethod& bound) noexcept { bound_ = &bound; }

    /// What `other` does is done when this fails.
    void fall_back_to(const Endpoint& other) {
        if (!other.stub_) return;
        fallback_ = std::make_shared<const Fallback>([stub = other.stub_](
                                                         const CallError&, detail::Argument<P>... arguments
                                                     ) { return (*stub)(arguments...); });
    }

    /// `getOrders(String,int)` without its name: `(String,int)`.
    static std::string signature() {
        std::string text = "(";
        ((text += detail::java_name<typename detail::Parameter<P>::Value>() + ","), ...);
        if (sizeof...(P) > 0) text.pop_back();
        return text + ")";
    }

    /// Whether the answer is looked at, and as JSON.
    static constexpr bool decodes_json = !std::is_void_v<R> && !std::same_as<R, std::string>;

private:
    using Timeout = std::optional<std::chrono::milliseconds>;

    void encode_path(OutgoingRequest& request, const detail::Argument<P>&... arguments) const {
        constexpr std::size_t count = detail::placeholder_count(pattern);
        std::size_t done = 0;
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (append_piece(request, I, done, arguments...), ...);
        }(std::make_index_sequence<count>{});
        request.literal(pattern.substr(done));
    }

    /// The text up to a placeholder, and the value in its place.
    void append_piece(
        OutgoingRequest& request,
        std::size_t index,
        std::size_t& done,
        const detail::Argument<P>&... arguments
    ) const {
        const auto [open, end] = detail::placeholder_at(pattern, index);
        request.literal(pattern.substr(done, open - done));
        done = end;
        const std::string_view name = detail::placeholder_name(pattern, index);
        (append_if_named<P>(request, name, arguments), ...);
    }

    template <class Each>
    void append_if_named(OutgoingRequest& request, std::string_view name, const detail::Argument<Each>& value)
        const {
        if constexpr (detail::Parameter<Each>::is_path) {
            if (name != detail::Parameter<Each>::path_name()) return;
            if constexpr (reflect::detail::is_optional<std::remove_cvref_t<decltype(value)>>) {
                if (value) request.path_value(detail::value_text(*value), bound_->escapes_slash());
            } else {
                request.path_value(detail::value_text(value), bound_->escapes_slash());
            }
        }
    }

    static Task<Reply<R>> run(const BoundMethod& bound, OutgoingRequest request, Timeout timeout) {
        if constexpr (std::is_void_v<R>) {
            auto failed = co_await bound.run(std::move(request), detail::ResultSlot{}, timeout);
            if (failed) co_return std::unexpected(std::move(*failed));
            co_return Reply<R>();
        } else {
            R value{};
            const detail::ResultSlot slot{&value, &detail::decode_into<R>};
            auto failed = co_await bound.run(std::move(request), slot, timeout);
            if (failed) co_return std::unexpected(std::move(*failed));
            co_return std::move(value);
        }
    }

    static Task<Reply<R>> run_or_fall_back(
        const BoundMethod& bound,
        OutgoingRequest request,
        Timeout timeout,
        std::shared_ptr<const Fallback> fallback,
        std::tuple<typename detail::Parameter<P>::Kept...> kept
    ) {
        auto reply = co_await run(bound, std::move(request), timeout);
        if (reply || reply.error().kind() == ErrorKind::cancelled) co_return reply;
        Task<Reply<R>> instead = std::apply(
            [&](const auto&... arguments) { return (*fallback)(reply.error(), arguments...); }, kept
        );
        auto other = co_await std::move(instead);
        bound.fell_back(other.has_value());
        co_return other;
    }

    const BoundMethod* bound_ = nullptr;
    std::shared_ptr<const Stub> stub_;
    std::shared_ptr<const Fallback> fallback_;
    CallOptions options_;
};

template <Name path, class Signature>
using Get = Endpoint<http::Method::get, path, Signature>;
template <Name path, class Signature>
using Head = Endpoint<http::Method::head, path, Signature>;
template <Name path, class Signature>
using Post = Endpoint<http::Method::post, path, Signature>;
template <Name path, class Signature>
using Put = Endpoint<http::Method::put, path, Signature>;
template <Name path, class Signature>
using Patch = Endpoint<http::Method::patch, path, Signature>;
template <Name path, class Signature>
using Delete = Endpoint<http::Method::delete_, path, Signature>;

}  // namespace flotilla::remote
