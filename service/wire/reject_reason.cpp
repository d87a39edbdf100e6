// SPDX-License-Identifier: Apache-2.0
#include "wire/reject_reason.h"

namespace dyad::wire {

const char* toText(RejectReason reason) {
    switch (reason) {
    case RejectReason::Truncated: return "truncated";
    case RejectReason::Oversize: return "longer than a heartbeat may be";
    case RejectReason::NotAHeartbeat: return "not a heartbeat";
    case RejectReason::UnknownVersion: return "heartbeat of an unknown version (do both hosts run the same release?)";
    case RejectReason::ForeignCluster: return "heartbeat of another cluster";
    case RejectReason::Forged: return "sealed with another key, or changed on the way";
    case RejectReason::Malformed: return "sealed with the cluster's key, but malformed";
    case RejectReason::OwnReflection:
        return "own heartbeat reflected (or do both hosts think that they are the same node?)";
    case RejectReason::WrongLink: return "heartbeat of another link (are the cables or addresses swapped?)";
    case RejectReason::Replay: return "replayed";
    }
    return "?";
}

} // namespace dyad::wire
