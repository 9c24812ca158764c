#include "../shell/peer_urls.hpp"

#include <gtest/gtest.h>

namespace flotilla::registry {
namespace {

using Urls = std::vector<std::string>;

const OwnAddress own{.hosts = {"localhost", "registry-1"}, .port = 8761, .url = {}};

TEST(PeerUrls, AreThoseOfAllZonesOnceWithoutOurselves) {
    EXPECT_EQ(
        peer_urls(
            {{"defaultZone", "http://registry-1:8761/eureka/, http://registry-2:8761/eureka"},
             {"zone-b", "http://user:secret@registry-3:8761/eureka/,http://registry-2:8761/eureka/"}},
            own
        ),
        (Urls{"http://registry-2:8761/eureka/", "http://user:secret@registry-3:8761/eureka/"})
    );
}

TEST(PeerUrls, TellRegistriesOnOneHostByTheirPorts) {
    EXPECT_EQ(
        peer_urls({{"defaultZone", "http://localhost:8761/eureka/,http://localhost:8762/eureka/"}}, own),
        (Urls{"http://localhost:8762/eureka/"})
    );
}

TEST(PeerUrls, BelieveOurOwnUrlWhenItIsConfigured) {
    OwnAddress named = own;
    named.url = "http://public:80/eureka";
    EXPECT_EQ(
        peer_urls({{"defaultZone", "http://public:80/eureka/,http://localhost:8761/eureka/"}}, named),
        (Urls{"http://localhost:8761/eureka/"})
    );
}

}  // namespace
}  // namespace flotilla::registry
