// SPDX-License-Identifier: Apache-2.0
// A pair's file whose addresses every host has.
#pragma once

#include <string>

inline const std::string base = R"([cluster]
name = "pair"
[[node]]
name = "alpha"
links = { private = "127.0.0.1" }
[[node]]
name = "beta"
links = { private = "127.0.0.2" }
[[group]]
name = "web"
[[group.resource]]
name = "app"
type = "process"
command = ["/bin/true"]
)";
