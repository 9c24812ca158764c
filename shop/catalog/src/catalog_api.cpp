#include "flotilla/shop/catalog/catalog_api.hpp"

#include <fmt/format.h>

#include <utility>

#include "answers.hpp"
#include "flotilla/http/percent.hpp"
#include "flotilla/reflect/json.hpp"
#include "flotilla/shop/paths.hpp"

namespace flotilla::shop::catalog {

namespace {

using http::ResponseDoc;

constexpr const char* api_tag = "Catalog";

http::RouteOptions said(const char* summary, std::vector<ResponseDoc> responses = {}) {
    return {.doc = {.summary = summary, .tag = api_tag, .responses = std::move(responses)}};
}

http::RouteOptions with_token(const char* summary, std::vector<ResponseDoc> responses) {
    http::RouteOptions options = said(summary, std::move(responses));
    options.doc.responses.push_back({403, "The token has not the role"});
    options.doc.bearer = true;
    return options;
}

const ResponseDoc whole{200, "The product"};
const ResponseDoc kept{304, "As the client has it"};
const ResponseDoc invalid{400, "A field is wrong"};
const ResponseDoc unknown{404, "No such product"};

}  // namespace

void CatalogApi::mount(http::Router& router) {
    using http::Body;
    using http::Path;
    using http::Query;
    using Text = std::optional<std::string>;

    BothPaths paths(router, "/catalog-service");
    paths.health_check([this] { return health_text(); });
    paths.get(
        "/catalogs",
        [this](Request& request, Query<"limit", Text> limit, Query<"cursor", Text> cursor) {
            return list(request, *limit, *cursor);
        },
        said("Lists products", {{200, "A page of them"}, kept, invalid})
    );
    const auto get_one = [this](Request& request, Path<"productId"> id) { return one(request, *id); };
    paths.get("/catalogs/{productId}", get_one, said("A product", {whole, kept, unknown}));
    paths.get("/{productId}", get_one, said("A product, by its short path", {whole, kept, unknown}));
    paths.post(
        "/catalogs",
        [this](Request& request, Body<NewProduct> in) { return create(request, *in); },
        with_token("Adds a product", {{201, "Added"}, {409, "There is one of that id"}})
    );
    paths.patch(
        "/catalogs/{productId}",
        [this](Request& request, Path<"productId"> id, Body<ProductEdit> in) {
            return edit(request, *id, *in);
        },
        with_token(
            "Changes a product",
            {whole, unknown, {412, "It has changed meanwhile"}, {428, "If-Match is required"}}
        )
    );
    paths.put(
        "/reservations/{orderId}",
        [this](Request& request, Path<"orderId"> id, Body<ReservationIn> in) {
            return reserve(request, *id, *in);
        },
        with_token(
            "Takes stock for an order, once",
            {{200, "Taken"},
             unknown,
             {409, "Not enough, or given back"},
             {422, "The order id stands for another product or quantity"}}
        )
    );
    paths.del(
        "/reservations/{orderId}",
        [this](Request& request, Path<"orderId"> id) { return release(request, *id); },
        with_token("Gives the stock of an order back, once", {{200, "Given back"}, invalid})
    );
}

Task<http::Reply<std::vector<ProductView>>> CatalogApi::list(
    Request& request, std::optional<std::string> limit, std::optional<std::string> cursor
) {
    const auto wanted = PageRequest::of(limit, cursor, default_page_limit);
    if (!wanted) co_return refused(request, wanted.error());
    if (const auto fault = co_await struck("get"); fault) co_return refused(request, *fault);
    const bool all = means_.profile == Profile::course && !limit;
    const std::optional<std::int64_t> at_most = all ? std::nullopt : std::optional(wanted->limit);
    const std::string key = fmt::format("page {} {}", at_most.value_or(0), wanted->after);
    auto page = at_hand(request, key);
    if (!page) {
        auto read = co_await read_page(at_most, wanted->after);
        if (!read) co_return failed(request, read.error());
        page = means_.kept.keep(key, *std::move(read));
    }
    Reply<std::vector<ProductView>> reply = kept_answer(request, page, means_.clock.wall_now());
    if (!page->next.empty()) link_next(reply, *wanted, page->next);
    co_return reply;
}

Task<Result<KeptAnswer>> CatalogApi::read_page(std::optional<std::int64_t> limit, std::string after) {
    KeptAnswer answer = blank();
    // One more than wanted tells whether there is a next page.
    const auto at_most = limit ? std::optional(*limit + 1) : std::nullopt;
    FLT_CO_TRY(auto page, co_await means_.repository.page(at_most, std::move(after)));
    const bool more = limit && std::cmp_greater(page.products.size(), *limit);
    if (more) {
        page.products.pop_back();
        answer.next = page.products.back().product_id;
    }
    reflect::append_json(answer.body, views_of(page.products));
    answer.tag = tag_of(page.state);
    answer.changed = page.state.changed;
    co_return answer;
}

Task<http::Reply<ProductView>> CatalogApi::one(Request& request, std::string product_id) {
    if (const auto fault = co_await struck("get", product_id); fault) co_return refused(request, *fault);
    const std::string key = "product " + product_id;
    auto answer = at_hand(request, key);
    if (!answer) {
        KeptAnswer fresh = blank();
        const auto product = co_await means_.repository.find(product_id);
        if (!product) co_return failed(request, product.error());
        if (!*product) co_return refused(request, unknown_product(product_id));
        const Product& found = **product;
        reflect::append_json(fresh.body, view_of(found));
        fresh.tag = tag_of(found);
        fresh.changed = found.updated_at;
        answer = means_.kept.keep(key, std::move(fresh));
    }
    co_return kept_answer(request, answer, means_.clock.wall_now());
}

KeptAnswers::Answer CatalogApi::at_hand(const Request& request, const std::string& key) const {
    if (wants_the_truth(request)) return nullptr;
    return means_.kept.find(key, means_.repository.changes());
}

KeptAnswer CatalogApi::blank() const {
    KeptAnswer answer;
    answer.changes = means_.repository.changes();
    answer.asked_at = means_.clock.now();
    return answer;
}

Task<http::Reply<ProductView>> CatalogApi::create(Request& request, NewProduct in) {
    const auto caller = means_.tokens.caller_with(request, admin_role);
    if (!caller) co_return refused(request, caller.error());
    auto product = product_of(in);
    if (!product) co_return refused(request, product.error());
    const auto added = co_await means_.repository.add(*product);
    if (!added) co_return failed(request, added.error());
    if (!*added)
        co_return refused(
            request,
            Problem(http::Status::conflict, "PRODUCT_EXISTS", "There is a product of that id already")
        );
    product->created_at = means_.clock.wall_now();
    means_.log.info("{} has added the product {}", caller->id, product->product_id);
    Reply<ProductView> reply(http::Status::created, view_of(*product));
    reply.set("ETag", tag_of(*product));
    reply.set("Location", "/catalog-service/catalogs/" + http::percent_encode(product->product_id));
    co_return reply;
}

Task<http::Reply<ProductView>> CatalogApi::edit(
    Request& request, std::string product_id, ProductEdit change
) {
    const auto caller = means_.tokens.caller_with(request, admin_role);
    if (!caller) co_return refused(request, caller.error());
    if (!request.fields().contains("If-Match"))
        co_return refused(
            request, Problem(http::Status(428), "PRECONDITION_REQUIRED", "If-Match is required")
        );
    const auto found = co_await means_.repository.find(product_id);
    if (!found) co_return failed(request, found.error());
    if (!*found) co_return refused(request, unknown_product(product_id));
    const Problem conflict(http::Status::precondition_failed, "VERSION_CONFLICT", "It has changed meanwhile");
    const std::string tag = tag_of(**found);
    const http::Validators validators{.etag = tag};
    const auto verdict =
        http::check_preconditions(request.method(), request.fields(), validators, means_.clock.wall_now());
    if (verdict == http::Precondition::failed) co_return refused(request, conflict);
    const auto after = edited(**found, change);
    if (!after) co_return refused(request, after.error());
    const auto updated = co_await means_.repository.update(*after);
    if (!updated) co_return failed(request, updated.error());
    if (!*updated) co_return refused(request, conflict);
    means_.log.info("{} has changed the product {}", caller->id, product_id);
    Reply<ProductView> reply(http::Status::ok, view_of(*after));
    reply.set("ETag", tag_of(*after));
    co_return reply;
}

Task<std::optional<Problem>> CatalogApi::struck(std::string operation, std::string product_id) const {
    if (!means_.faults.armed()) co_return std::nullopt;
    co_return co_await means_.faults.strike(std::move(operation), std::move(product_id));
}

http::Response CatalogApi::refused(const Request& request, const Problem& problem) const {
    return problem.answer(request, means_.clock.wall_now());
}

http::Response CatalogApi::failed(const Request& request, const Error& error) const {
    return refused(request, database_problem(error, means_.log));
}

std::string CatalogApi::health_text() const {
    return fmt::format("It's Working in Catalog Service on PORT {}", means_.endpoint().port());
}

}  // namespace flotilla::shop::catalog
