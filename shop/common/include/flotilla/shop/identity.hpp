#pragma once
/// Who a service is among its likes, and what all of its answers have in common.

#include <string>

#include "flotilla/config/environment.hpp"
#include "flotilla/http/router.hpp"

namespace flotilla::shop {

/// `shop.profile`: the shop as it is meant to be, or as naive as the course has it, for its lessons.
enum class Profile { flotilla, course };

FLT_DESCRIBE_ENUM_KEBAB(Profile, flotilla, course)

/// A random UUID (version 4), as ids of users, orders and events.
std::string new_uuid();

/// The default of `eureka.instance.instance-id`: `name:` and something random, chosen now; or what
/// `spring.application.instance_id` says.
std::string default_instance_id();

/// Who this process is, in the registry and in its answers.
std::string instance_id_of(const config::Environment& environment);

/// Every answer tells the instance (`X-Instance-Id`); one that says nothing about caches is not kept
/// (`Cache-Control: no-store`).
void sign_answers(http::Router& router, std::string instance_id);

}  // namespace flotilla::shop
