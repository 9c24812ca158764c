// Filters that send requests somewhere else than to the URI of their route.

#include <gtest/gtest.h>

#include "shot.hpp"

namespace flotilla::gateway {
namespace {

/// Where a request goes: the URL, `route` for the route's own, or the status that a filter answers.
std::string target(const std::vector<std::string>& filters, std::string_view path, std::string headers = {}) {
    const auto table = with_filters(filters, {}, "/{a}/{*rest}");
    if (!table) return "no table";
    Shot shot("GET " + std::string(path), {.headers = std::move(headers)});
    if (!send(*table, shot)) return std::to_string(http::code_of(shot.response.status()));
    const std::string query = shot->has_query() ? "?" + std::string(shot->query()) : "";
    const std::string host =
        shot->target ? shot->target->scheme + "://" + shot->target->authority() : std::string("route");
    return host + " " + std::string(shot->path()) + query;
}

std::string with_host(std::string_view filter, std::string_view hosts) {
    return "{name: SetRequestUri, args: {template: '" + std::string(filter) + "', hosts: '" +
           std::string(hosts) + "'}}";
}

std::string from_header(std::string_view hosts) {
    return "{name: RequestHeaderToRequestUri, args: {name: X-To, hosts: '" + std::string(hosts) + "'}}";
}

TEST(TargetFilters, TheWholeTargetIsReplaced) {
    EXPECT_EQ(target({"SetRequestUri=http://other:81/x?y=1"}, "/a/b?z=2"), "http://other:81 /x?y=1");
    EXPECT_EQ(target({"'SetRequestUri=https://other/{a}'"}, "/a/b?z=2"), "https://other /a");
    EXPECT_EQ(target({"SetRequestUri=http://other:81"}, "/a/b"), "http://other:81 /");
}

TEST(TargetFilters, ItComesAfterAllThatChangeThePath) {
    EXPECT_EQ(target({"SetRequestUri=http://other/x", "SetPath=/y"}, "/a/b"), "http://other /x");
}

TEST(TargetFilters, WhatIsNoAbsoluteUrlIsIgnored) {
    for (const char* other : {"/x", "other/x", "ftp://other/x", "lb://NAME/x", "http://u:p@other/x"})
        EXPECT_EQ(target({"SetRequestUri=" + std::string(other)}, "/a/b"), "route /a/b") << other;
    EXPECT_EQ(target({"'SetRequestUri=http://other/{nobody}'"}, "/a/b"), "500");
}

TEST(TargetFilters, DotSegmentsAreResolvedAndNotPassedOn) {
    EXPECT_EQ(target({"SetRequestUri=http://other/a/../b"}, "/a/b"), "http://other /b");
    EXPECT_EQ(target({"SetRequestUri=http://other/../b"}, "/a/b"), "route /a/b");
}

TEST(TargetFilters, AClientsHostMustBeAmongThoseAllowed) {
    const auto to = [](std::string_view host) {
        return target({with_host("http://{a}/x", "one.org, *.two.org")}, "/" + std::string(host) + "/b");
    };
    EXPECT_EQ(to("one.org"), "http://one.org /x");
    EXPECT_EQ(to("ONE.org"), "http://ONE.org /x");
    EXPECT_EQ(to("api.two.org"), "http://api.two.org /x");
    EXPECT_EQ(to("two.org"), "403");
    EXPECT_EQ(to("eviltwo.org"), "403");
    EXPECT_EQ(to("169.254.169.254"), "403");
}

TEST(TargetFilters, AHeaderSaysWhereToGo) {
    const auto to = [](std::string_view url) {
        return target({from_header("one.org")}, "/a/b", "X-To: " + std::string(url) + "\r\n");
    };
    EXPECT_EQ(to("https://one.org:444/x?y"), "https://one.org:444 /x?y");
    EXPECT_EQ(to("https://other.org/x"), "403");
    EXPECT_EQ(to("https://one.org@other.org/x"), "route /a/b");
    EXPECT_EQ(to("//one.org/x"), "route /a/b");
    EXPECT_EQ(to(""), "route /a/b");
    EXPECT_EQ(target({from_header("one.org")}, "/a/b"), "route /a/b");
}

TEST(TargetFilters, WithoutHostsAClientHasNoSayInWhereItGoes) {
    const auto refusal = [](std::string_view filter) {
        return refusal_of(
            "routes:\n- {id: r, uri: 'http://up:80', predicates: [Path=/a], filters: [" +
            std::string(filter) + "]}\n"
        );
    };
    EXPECT_NE(
        refusal("RequestHeaderToRequestUri=X-To").find("could have any address called"), std::string::npos
    );
    EXPECT_NE(refusal("'SetRequestUri=http://{host}/x'").find("needs hosts"), std::string::npos);
    EXPECT_NE(refusal("'SetRequestUri={all}'").find("needs hosts"), std::string::npos);
    EXPECT_NE(refusal(from_header("http://one.org")).find("is no host"), std::string::npos);
    EXPECT_NE(refusal(from_header("*")).find("is no host"), std::string::npos);
}

TEST(TargetFilters, ARequestThatIsForwardedHasTheNextRoutesTarget) {
    Shot shot("GET /a");
    shot->target = http::Url::parse("http://other/x").value();
    shot->forward_to("/b");
    EXPECT_FALSE(shot->target);
}

}  // namespace
}  // namespace flotilla::gateway
