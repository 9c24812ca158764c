// What declared methods send, without a service.

#include <gtest/gtest.h>

#include "flotilla/reflect/describe.hpp"
#include "flotilla/remote/endpoint.hpp"
#include "flotilla/runtime/runtime.hpp"

namespace flotilla::remote {

namespace {

using namespace std::chrono_literals;

enum class Sort { newest, oldest };
FLT_DESCRIBE_ENUM(Sort, newest, oldest)

struct Order {
    std::string order_id;
    int qty = 0;
};

FLT_DESCRIBE(Order, order_id, qty)

struct Filter {
    std::string product;
    std::optional<int> least;
    std::vector<int> sizes;
};

FLT_DESCRIBE(Filter, product, least, sizes)

using Texts = std::map<std::string, std::string>;
using OptionalInt = std::optional<int>;
using OptionalText = std::optional<std::string>;
using Ints = std::vector<int>;

struct Login {
    std::string user;
    std::optional<int> pin;
};

FLT_DESCRIBE(Login, user, pin)

struct OrderClient {
    static constexpr Target target{.service = "order-service"};

    Get<"/order-service/{userId}/orders", std::vector<Order>(Path<"userId">)> get_orders;
    Get<"/a/{x}/b/{y}/{x}", std::string(Path<"y", int>, Path<"x", OptionalText>)> twice;
    Get<"/q", std::string(Query<"k", Ints>, Query<"page", OptionalInt>, Query<"t">)> query;
    Get<"/q", std::string(Query<"c", Csv<int>>, Query<"s", Ssv<int>>, Query<"p", Pipes<int>>)> joined;
    Get<"/q?fixed=1", std::string(QueryMap<Filter>, QueryMap<Texts>)> maps;
    Get<"/h", std::string(Header<"X-One", OptionalText>, Header<"X-Two", Ints>, HeaderMap<Texts>)> headers;
    Get<"/types/{b}/{d}", std::string(Path<"b", bool>, Path<"d", double>, Query<"s", Sort>)> types;
    Post<"/orders", Order(Body<Order>)> create;
    Post<"/text", void(Body<std::string>)> text;
    Post<"/login", void(Form<Login>)> form;
};

FLT_DESCRIBE(OrderClient, get_orders, twice, query, joined, maps, headers, types, create, text, form)

/// Notes what would be sent and answers with a text.
class Recorder final : public BoundMethod {
public:
    Recorder(std::string_view method, std::string answer, bool escapes = false)
        : method_(method), answer_(std::move(answer)), escapes_(escapes) {}

    [[nodiscard]] OutgoingRequest begin(const CallOptions& options) const override {
        OutgoingRequest request(method_, OutgoingRequest::SharedBase{"http://order-service"});
        for (const auto& [name, value] : options.headers) request.header(name, value);
        return request;
    }

    Task<std::optional<CallError>> run(
        OutgoingRequest request, detail::ResultSlot slot, std::optional<std::chrono::milliseconds> timeout
    ) const override {
        sent.emplace(std::move(request));
        given = timeout;
        if (failure) co_return failure;
        auto head = std::make_unique<http::ClientResponseHead>();
        head->status = 200;
        http::ClientResponse response(std::move(head), answer_);
        if (slot.decode) {
            const auto decoded = slot.decode(slot.into, response);
            if (!decoded) co_return CallError(ErrorKind::decode, decoded.error());
        }
        co_return std::nullopt;
    }

    void fell_back(bool succeeded) const noexcept override { succeeded ? ++fallbacks : ++failed_fallbacks; }

    [[nodiscard]] bool escapes_slash() const noexcept override { return escapes_; }

    mutable std::optional<OutgoingRequest> sent;
    mutable std::optional<std::chrono::milliseconds> given;
    mutable int fallbacks = 0;
    mutable int failed_fallbacks = 0;
    std::optional<CallError> failure;

private:
    std::string_view method_;
    std::string answer_;
    bool escapes_;
};

template <class T>
Task<int> keep(Task<Reply<T>> task, std::optional<Reply<T>>& into) {
    into.emplace(co_await std::move(task));
    co_return 0;
}

template <class T>
Reply<T> wait_for(Task<Reply<T>> task) {
    runtime::Runtime runtime({.loops = 1, .blocking = {}});
    std::optional<Reply<T>> reply;
    runtime.run(keep(std::move(task), reply));
    return std::move(*reply);
}

/// The target that a call of `endpoint` sends.
template <class E, class... A>
std::string target_of(E& endpoint, const A&... arguments) {
    Recorder recorder("GET", "x");
    endpoint.bind(recorder);
    (void)wait_for(endpoint(arguments...));
    return recorder.sent->target();
}

TEST(Declarations, AnswersAreReadIntoWhatWasDeclared) {
    OrderClient client;
    const Recorder recorder("GET", R"([{"orderId":"a","qty":2}])");
    client.get_orders.bind(recorder);
    const auto orders = wait_for(client.get_orders("83cb"));
    ASSERT_TRUE(orders) << orders.error().message();
    EXPECT_EQ(orders->at(0).order_id, "a");
    EXPECT_EQ(recorder.sent->url(), "http://order-service/order-service/83cb/orders");
    EXPECT_EQ(recorder.sent->method_text(), "GET");
}

TEST(ClientFacts, F11_ASlashInAPathValueIsEscapedWhenAskedFor) {
    OrderClient client;
    const Recorder recorder("GET", "[]", true);
    client.get_orders.bind(recorder);
    (void)wait_for(client.get_orders("a/b c"));
    EXPECT_EQ(recorder.sent->target(), "/order-service/a%2Fb%20c/orders");
    EXPECT_EQ(target_of(client.get_orders, "a/b c"), "/order-service/a/b%20c/orders");
}

TEST(Declarations, PathValuesAreEscapedAsFeignDoes) {
    OrderClient client;
    EXPECT_EQ(target_of(client.get_orders, ";+?#%{"), "/order-service/%3B%2B%3F%23%25%7B/orders");
    EXPECT_EQ(target_of(client.get_orders, ".."), "/order-service/../orders");
    EXPECT_EQ(target_of(client.get_orders, ""), "/order-service//orders");
    EXPECT_EQ(target_of(client.get_orders, "김"), "/order-service/%EA%B9%80/orders");
    EXPECT_EQ(target_of(client.twice, 7, std::optional<std::string_view>("u")), "/a/u/b/7/u");
    EXPECT_EQ(target_of(client.twice, -7, std::optional<std::string_view>()), "/a//b/-7/");
    EXPECT_EQ(target_of(client.types, true, 1.5, Sort::oldest), "/types/true/1.5?s=oldest");
}

TEST(ClientFacts, F12_AnAbsentQueryArgumentIsNotSentAndAListComesAsOftenAsItIsLong) {
    OrderClient client;
    EXPECT_EQ(target_of(client.query, Ints{1, 2}, OptionalInt(), "x"), "/q?k=1&k=2&t=x");
    EXPECT_EQ(target_of(client.query, Ints{}, OptionalInt(3), ""), "/q?k&page=3&t");
    EXPECT_EQ(target_of(client.query, Ints{1}, OptionalInt(), "a b/c&d"), "/q?k=1&t=a%20b/c%26d");
}

TEST(Declarations, ListsInOneParameterHaveTheirSeparators) {
    OrderClient client;
    EXPECT_EQ(target_of(client.joined, Ints{1, 2}, Ints{3, 4}, Ints{5, 6}), "/q?c=1%2C2&s=3%204&p=5%7C6");
}

TEST(Declarations, MapsAndStructsGiveAParameterForEachEntry) {
    OrderClient client;
    const Filter filter{.product = "rope", .least = std::nullopt, .sizes = {1, 2}};
    EXPECT_EQ(
        target_of(client.maps, filter, Texts{{"a", "1"}, {"b", ""}}),
        "/q?fixed=1&product=rope&sizes=1&sizes=2&a=1&b"
    );
}

TEST(Declarations, HeadersAreSentWhereThereIsAValue) {
    OrderClient client;
    const Recorder recorder("GET", "");
    client.headers.bind(recorder);
    (void)wait_for(client.headers(std::nullopt, {1, 2}, {{"X-Three", "c"}}));
    EXPECT_FALSE(recorder.sent->headers().contains("X-One"));
    EXPECT_EQ(recorder.sent->headers().text(), "X-Two: 1\r\nX-Two: 2\r\nX-Three: c\r\n");
    (void)wait_for(client.headers("a", {1, 1}, {}));
    EXPECT_EQ(recorder.sent->headers().text(), "X-One: a\r\nX-Two: 1\r\n");
}

TEST(Declarations, BodiesAreWrittenByTheirType) {
    OrderClient client;
    const Recorder recorder("POST", R"({"orderId":"b","qty":1})");
    client.create.bind(recorder);
    client.text.bind(recorder);
    client.form.bind(recorder);
    const auto made = wait_for(client.create(Order{.order_id = "a", .qty = 2}));
    EXPECT_EQ(made->order_id, "b");
    EXPECT_EQ(recorder.sent->body(), R"({"orderId":"a","qty":2})");
    EXPECT_EQ(recorder.sent->headers().find("Content-Type"), "application/json");
    EXPECT_TRUE(wait_for(client.text("hello")));
    EXPECT_EQ(recorder.sent->body(), "hello");
    EXPECT_EQ(recorder.sent->headers().find("Content-Type"), "text/plain;charset=UTF-8");

    struct Login {};

    EXPECT_TRUE(wait_for(client.text("")));
}

TEST(Declarations, AnAnswerThatDoesNotFitIsAnErrorWithItsPlace) {
    OrderClient client;
    const Recorder recorder("GET", R"([{"orderId":"a","qty":"many"}])");
    client.get_orders.bind(recorder);
    const auto orders = wait_for(client.get_orders("u"));
    ASSERT_FALSE(orders);
    EXPECT_EQ(orders.error().kind(), ErrorKind::decode);
    EXPECT_NE(orders.error().message().find("/0/qty"), std::string::npos) << orders.error().message();
}

TEST(Declarations, OneCallCanHaveItsOwnLimitAndHeaders) {
    OrderClient client;
    const Recorder recorder("GET", "[]");
    client.get_orders.bind(recorder);
    (void)wait_for(client.get_orders.within(250ms).header("X-Priority", "0")("u"));
    EXPECT_EQ(recorder.given, 250ms);
    EXPECT_EQ(recorder.sent->headers().find("X-Priority"), "0");
    (void)wait_for(client.get_orders("u"));
    EXPECT_EQ(recorder.given, std::nullopt);
    EXPECT_FALSE(recorder.sent->headers().contains("X-Priority"));
}

TEST(Declarations, ATestGivesAFunctionInPlaceOfTheService) {
    OrderClient fake;
    fake.get_orders = [](std::string_view user) { return std::vector<Order>{{std::string(user), 1}}; };
    fake.twice = [](int, std::optional<std::string_view>) -> Reply<std::string> {
        return std::unexpected(CallError(ErrorKind::timeout, "slow today"));
    };
    fake.text = [](std::string_view) {};
    EXPECT_EQ(wait_for(fake.get_orders("kim"))->at(0).order_id, "kim");
    EXPECT_EQ(wait_for(fake.twice(1, "x")).error().kind(), ErrorKind::timeout);
    EXPECT_TRUE(wait_for(fake.text("x")));
}

Task<Reply<std::vector<Order>>> orders_from_elsewhere(std::string user) {
    co_await runtime::yield();
    co_return std::vector<Order>{{user, 7}};
}

TEST(Declarations, AFallbackAnswersWhenTheServiceDoesNot) {
    OrderClient client;
    Recorder recorder("GET", "[]");
    recorder.failure = CallError(ErrorKind::connect, "nobody there");
    client.get_orders.bind(recorder);
    EXPECT_EQ(wait_for(client.get_orders("u")).error().kind(), ErrorKind::connect);

    const auto empty = client.get_orders.or_else([](const CallError&) { return std::vector<Order>(); });
    EXPECT_TRUE(wait_for(empty("u"))->empty());
    const auto with_arguments = client.get_orders.or_else([](const CallError& why, std::string_view user) {
        return std::vector<Order>{{std::string(user) + ": " + why.message(), 0}};
    });
    EXPECT_EQ(wait_for(with_arguments("kim"))->at(0).order_id, "kim: nobody there");

    OrderClient elsewhere;
    elsewhere.get_orders = [](std::string_view user) { return orders_from_elsewhere(std::string(user)); };
    client.get_orders.fall_back_to(elsewhere.get_orders);
    EXPECT_EQ(wait_for(client.get_orders("lee"))->at(0).qty, 7);
    EXPECT_EQ(recorder.fallbacks, 3);

    const auto fails = client.get_orders.or_else([](const CallError&) -> Result<std::vector<Order>> {
        return flotilla::fail(Errc::unavailable, "nor here");
    });
    EXPECT_EQ(wait_for(fails("u")).error().message(), "nor here");
    EXPECT_EQ(recorder.failed_fallbacks, 1);
}

TEST(Declarations, KeysNameTypesAsJavaDoes) {
    EXPECT_EQ(OrderClient::target.service, "order-service");
    EXPECT_EQ(decltype(OrderClient::get_orders)::signature(), "(String)");
    EXPECT_EQ(decltype(OrderClient::twice)::signature(), "(int,String)");
    EXPECT_EQ(decltype(OrderClient::maps)::signature(), "(Filter,Map)");
    EXPECT_EQ(decltype(OrderClient::create)::signature(), "(Order)");
    EXPECT_EQ(decltype(OrderClient::headers)::signature(), "(String,List,Map)");
}

TEST(Outgoing, UrlsAreTakenApartAndKeptAsTheyAre) {
    const auto request = OutgoingRequest::get("http://ORDER_SERVICE/order_service/%2F/x?a=%20b&c#part");
    EXPECT_EQ(request.base(), "http://ORDER_SERVICE");
    EXPECT_EQ(request.target(), "/order_service/%2F/x?a=%20b&c");
    EXPECT_EQ(request.path(), "/order_service/%2F/x");
    EXPECT_EQ(OutgoingRequest::get("lb://A").url(), "http://A/");
    EXPECT_EQ(OutgoingRequest::get("lb://A?x=1").target(), "/?x=1");
    EXPECT_FALSE(OutgoingRequest::get("lb://A").header("X A", "1").problem().empty());
    EXPECT_EQ(
        OutgoingRequest::get("lb://A").header("X-A", "1\r\nX-B: 2").headers().text(), "X-A: 1  X-B: 2\r\n"
    );
}

}  // namespace

}  // namespace flotilla::remote
