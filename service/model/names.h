// SPDX-License-Identifier: Apache-2.0
// What the nouns of docs/GLOSSARY.md are called by: small numbers inside, names outside.
#pragma once

#include "base/strong_id.h"

#include <array>
#include <string>

namespace dyad::model {

// A pair has just two nodes, in the order of the configuration file.
enum class NodeId : std::uint8_t { First = 1, Second = 2 };
[[nodiscard]] constexpr NodeId otherNode(NodeId node) { return node == NodeId::First ? NodeId::Second : NodeId::First; }
[[nodiscard]] constexpr std::size_t indexOf(NodeId node) { return node == NodeId::First ? 0 : 1; }
inline constexpr std::array bothNodes{NodeId::First, NodeId::Second};

// Each is the position in the configuration's list of the same name.
using LinkId = StrongId<struct LinkTag>;
using LunId = StrongId<struct LunTag>;
using GroupId = StrongId<struct GroupTag>;
using ResourceId = StrongId<struct ResourceTag>; // position within its group

// Counts the claims of one group over both nodes. Greater is later.
using Epoch = StrongId<struct EpochTag>;
// Names one action that ends later; never used twice in one run of the service.
using OperationId = StrongId<struct OperationTag, std::uint64_t>;
// Quoted by the operator's order and by its answer.
using RequestId = StrongId<struct RequestTag, std::uint64_t>;

// Digest of the host's boot id: differs after every boot.
using BootDigest = StrongId<struct BootTag, std::uint64_t>;

// Role of this node in a group.
enum class Role : std::uint8_t { Standby, Claiming, Starting, Active, Stopping, Lost, Failed, Maintenance };
[[nodiscard]] const char* toText(Role role);

// What one side knows of a link, or of its peer over all links.
enum class Liveness : std::uint8_t { Unknown, Alive, Suspect, Lost };
[[nodiscard]] const char* toText(Liveness liveness);

enum class ResourceState : std::uint8_t { Unknown, Stopped, Starting, Running, Stopping, Failed };
[[nodiscard]] const char* toText(ResourceState state);

enum class Severity : std::uint8_t { Information, Warning, Critical };
inline constexpr std::array allSeverities{Severity::Information, Severity::Warning, Severity::Critical};
[[nodiscard]] const char* toText(Severity severity);

// 16 hexadecimal digits: how digests and keys are shown.
[[nodiscard]] std::string hexadecimal(std::uint64_t number);

} // namespace dyad::model
