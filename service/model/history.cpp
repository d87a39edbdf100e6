// SPDX-License-Identifier: Apache-2.0
#include "model/history.h"

namespace dyad::model {

bool isMove(IncidentKind kind) {
    return kind == IncidentKind::Switchover || kind == IncidentKind::Switchback || kind == IncidentKind::Drill ||
           kind == IncidentKind::Move;
}

const char* toText(IncidentKind kind) {
    switch (kind) {
    case IncidentKind::Takeover: return "takeover";
    case IncidentKind::Switchover: return "switchover";
    case IncidentKind::Switchback: return "switchback";
    case IncidentKind::Drill: return "drill";
    case IncidentKind::Move: return "move";
    case IncidentKind::FailoverRefused: return "failover refused";
    case IncidentKind::GroupStart: return "group start";
    case IncidentKind::ResourceFailure: return "resource failure";
    case IncidentKind::LeaseLost: return "lease lost";
    case IncidentKind::StorageLost: return "storage lost";
    case IncidentKind::SelfFence: return "self-fence";
    case IncidentKind::NodeLost: return "node lost";
    case IncidentKind::NodeReturned: return "node returned";
    }
    return "?";
}

const char* toText(IncidentOutcome outcome) {
    switch (outcome) {
    case IncidentOutcome::Ongoing: return "ongoing";
    case IncidentOutcome::Done: return "done";
    case IncidentOutcome::Failed: return "failed";
    case IncidentOutcome::Interrupted: return "interrupted";
    }
    return "?";
}

} // namespace dyad::model
