#pragma once
/// The HTTP face of the catalog.

#include <string>

#include "flotilla/http/router.hpp"
#include "flotilla/runtime/endpoint.hpp"
#include "flotilla/shop/catalog/catalog_meters.hpp"
#include "flotilla/shop/catalog/catalog_repository.hpp"
#include "flotilla/shop/catalog/kept_answers.hpp"
#include "flotilla/shop/faults.hpp"
#include "flotilla/shop/identity.hpp"
#include "flotilla/shop/page.hpp"
#include "flotilla/shop/tokens.hpp"

namespace flotilla::shop::catalog {

/// What the API stands on; all of it outlives the API.
struct CatalogMeans {
    CatalogRepository& repository;
    KeptAnswers& kept;
    const Tokens& tokens;
    const Faults& faults;
    const CatalogMeters& meters;
    const Clock& clock;
    log::Logger log;
    Profile profile = Profile::flotilla;
    /// Where the service listens, for its health text.
    std::function<runtime::Endpoint()> endpoint;
};

class CatalogApi {
public:
    explicit CatalogApi(CatalogMeans means) : means_(std::move(means)) {}

    /// Before the server starts. The API outlives the router's use.
    void mount(http::Router& router);

private:
    using Response = http::Response;
    using Request = http::Request;
    template <class T>
    using Reply = http::Reply<T>;

    Task<Reply<std::vector<ProductView>>> list(
        Request& request, std::optional<std::string> limit, std::optional<std::string> cursor
    );
    /// A page of the list; `limit` is that of the statement.
    Task<Result<KeptAnswer>> read_page(std::optional<std::int64_t> limit, std::string after);
    Task<Reply<ProductView>> one(Request& request, std::string product_id);
    Task<Reply<ProductView>> create(Request& request, NewProduct in);
    Task<Reply<ProductView>> edit(Request& request, std::string product_id, ProductEdit change);
    Task<Reply<ReservationOut>> reserve(Request& request, std::string order_id, ReservationIn in);
    Task<Reply<ReservationOut>> lower(Request& request, Reservation wanted);
    Task<Reply<ReleaseOut>> release(Request& request, std::string order_id);

    [[nodiscard]] Task<std::optional<Problem>> struck(
        std::string operation, std::string product_id = std::string()
    ) const;
    /// What is at hand, unless the client wants the truth of this moment.
    [[nodiscard]] KeptAnswers::Answer at_hand(const Request& request, const std::string& key) const;
    /// To be filled.
    [[nodiscard]] KeptAnswer blank() const;
    [[nodiscard]] Response refused(const Request& request, const Problem& problem) const;
    [[nodiscard]] Response failed(const Request& request, const Error& error) const;
    [[nodiscard]] std::string health_text() const;

    CatalogMeans means_;
};

}  // namespace flotilla::shop::catalog
