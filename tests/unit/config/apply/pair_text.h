// SPDX-License-Identifier: Apache-2.0
// A pair's file, in a header of its own: moc of Qt 6.4 takes the // of a raw string for a comment.
#pragma once

#include <string>

inline const std::string base = R"([cluster]
name = "erp-pair"
profile = "standard"

[[node]]
name = "alpha"
links = { private = "10.77.1.1", public = "10.77.0.1" }
[[node]]
name = "beta"
links = { private = "10.77.1.2", public = "10.77.0.2" }

[network]
gateways = ["10.77.0.254"]

[[lun]]
name = "array"
iscsi = "iscsi://10.77.2.9:3260/iqn.2026-11.example:array/1"

[[group]]
name = "erp"
prefer = "alpha"
[[group.resource]]
name = "data"
type = "filesystem"
lun = "array"
mount = "/srv/erp"
fstype = "ext4"
[[group.resource]]
name = "app"
type = "process"
command = ["/usr/bin/app", "--serve"]
[[group.resource]]
name = "ip"
type = "address"
address = "10.77.0.100/24"

[[group]]
name = "web"
[[group.resource]]
name = "wip"
type = "address"
address = "10.77.0.101/24"
)";
