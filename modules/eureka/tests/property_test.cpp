// Any instance is the same after it was written and read, in both formats.

#include <gtest/gtest.h>

#include "flotilla/base/random.hpp"
#include "sample.hpp"

namespace flotilla::eureka {
namespace {

class InstanceMaker {
public:
    explicit InstanceMaker(std::uint64_t seed) : random_(seed) {}

    InstanceInfo make() {
        InstanceInfo instance;
        instance.app = "APP" + std::to_string(random_.below(100));
        instance.instance_id = text();
        instance.host_name = text();
        instance.ip_addr = text();
        instance.status = static_cast<InstanceStatus>(random_.below(5));
        instance.overridden_status = static_cast<InstanceStatus>(random_.below(5));
        instance.port = {number(), flip()};
        instance.secure_port = {number(), flip()};
        instance.country_id = number();
        instance.data_center_info->name = static_cast<DataCenter>(1 + random_.below(3));
        if (instance.data_center_info->name == DataCenter::amazon)
            instance.data_center_info->metadata = map();
        if (flip())
            instance.lease_info = LeaseInfo{
                .renewal_interval_in_secs = 1 + number(),
                .duration_in_secs = 1 + number(),
                .eviction_timestamp = number()
            };
        instance.metadata = map();
        for (auto* optional :
             {&instance.home_page_url, &instance.vip_address, &instance.secure_vip_address, &instance.asg_name
             })
            if (flip()) *optional = text();
        instance.is_coordinating_discovery_server = flip();
        instance.last_updated_timestamp = number();
        instance.last_dirty_timestamp = number();
        if (flip()) instance.action_type = static_cast<ActionType>(random_.below(3));
        return instance;
    }

private:
    bool flip() { return random_.below(2) == 0; }

    std::int32_t number() { return static_cast<std::int32_t>(random_.below(1'000'000)); }

    std::string text() {
        constexpr std::string_view pieces[] = {"a", "Z",  "_", "$", " ", "<", "&",   "\"", "'",  "é",
                                               "€", "🚢", "0", ".", "-", ":", "]]>", "\n", "\\", "/"};
        std::string out = "x";
        for (auto left = random_.below(12); left > 0; --left) out += pieces[random_.below(std::size(pieces))];
        return out;
    }

    Metadata map() {
        Metadata values;
        for (auto left = random_.below(4); left > 0; --left) values[text()] = text();
        return values;
    }

    Random random_;
};

TEST(Codec, ReadsEveryInstanceThatItWrites) {
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        const InstanceInfo instance = InstanceMaker(seed).make();
        for (const Format format : {Format::json, Format::xml}) {
            const std::string text = encode(instance, format);
            const auto back = decode_instance(text, format);
            ASSERT_TRUE(back) << "seed " << seed << ": " << back.error().message() << "\n" << text;
            ASSERT_EQ(*back, instance) << "seed " << seed << "\n" << text;
        }
    }
}

TEST(Codec, RefusesEveryPrefixOfADocument) {
    const InstanceInfo instance = InstanceMaker(7).make();
    for (const Format format : {Format::json, Format::xml}) {
        const std::string text = encode(instance, format);
        for (std::size_t size = 0; size < text.size(); ++size)
            ASSERT_FALSE(decode_instance(std::string_view(text).substr(0, size), format)) << size;
    }
}

}  // namespace
}  // namespace flotilla::eureka
