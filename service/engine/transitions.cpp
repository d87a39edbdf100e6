// SPDX-License-Identifier: Apache-2.0
#include "engine/transitions.h"

#include <algorithm>
#include <array>

namespace dyad::engine {

using model::Role;

namespace {

constexpr std::array table{
    // After a start of the service.
    Transition{Role::Standby, Trigger::Adopted, Role::Starting,
               "the service was restarted and finds its own reservation of this boot: what runs is adopted untouched"},
    Transition{Role::Standby, Trigger::RunsWithoutLease, Role::Lost,
               "resources of the group run here but the array does not show our reservation: they are killed"},
    // Taking a group.
    Transition{Role::Standby, Trigger::PeerSilent, Role::Claiming,
               "the peer is silent on every link: this node challenges it for the group"},
    Transition{Role::Standby, Trigger::PeerUseless, Role::Claiming,
               "the peer says that it can't serve the group any more: this node challenges it, and it will not defend"},
    Transition{Role::Standby, Trigger::PeerReleased, Role::Claiming,
               "the peer stopped the group in order and let go of it: it is claimed at once"},
    Transition{Role::Standby, Trigger::NobodyOwns, Role::Claiming,
               "nobody runs the group and it is this node's turn: it is claimed"},
    Transition{Role::Claiming, Trigger::PeerBack, Role::Standby,
               "the peer is heard again before the claim: the challenge is withdrawn"},
    Transition{Role::Claiming, Trigger::Defended, Role::Standby,
               "the owner removed our challenge: it is alive, only the links are down; it keeps the group"},
    Transition{Role::Claiming, Trigger::ClaimRefused, Role::Standby,
               "the array did not give us the reservation: nothing was taken"},
    Transition{Role::Claiming, Trigger::ShutdownOrdered, Role::Standby,
               "this node is shut down: the claim is given up"},
    Transition{Role::Claiming, Trigger::MaintenanceOn, Role::Standby,
               "this node goes into maintenance: the claim is given up"},
    Transition{Role::Claiming, Trigger::HeldBack, Role::Standby,
               "an operator has frozen or disabled the group: the claim is given up"},
    Transition{Role::Claiming, Trigger::ReservationWon, Role::Starting,
               "the lease of the group is proven ours: its resources are started"},
    // Running it.
    Transition{Role::Starting, Trigger::AllRunning, Role::Active, "every resource of the group runs"},
    Transition{Role::Active, Trigger::ResourceFailed, Role::Starting,
               "a resource failed: it is started again on this node"},
    Transition{Role::Active, Trigger::FailedWhileFrozen, Role::Starting,
               "a resource failed while the group is frozen: it is left as it is until the group is unfrozen"},
    Transition{Role::Active, Trigger::RestartOrdered, Role::Starting,
               "an operator ordered a resource to be stopped and started again on this node"},
    // Giving it away in order.
    Transition{Role::Active, Trigger::SwitchoverOrdered, Role::Stopping,
               "an operator ordered the group to the peer: it is stopped in order"},
    Transition{Role::Active, Trigger::PublicNetworkLost, Role::Stopping,
               "no gateway answers here, the peer reaches one: the group is stopped in order and moves"},
    Transition{Role::Active, Trigger::ShutdownOrdered, Role::Stopping,
               "this node is shut down: the group is stopped in order and handed over"},
    Transition{Role::Starting, Trigger::ShutdownOrdered, Role::Stopping,
               "this node is shut down while the group starts: it is stopped in order and handed over"},
    Transition{Role::Active, Trigger::DisableOrdered, Role::Stopping,
               "an operator disabled the group: it is stopped in order and stays stopped"},
    Transition{Role::Starting, Trigger::DisableOrdered, Role::Stopping,
               "an operator disabled the group while it starts: it is stopped in order and stays stopped"},
    Transition{Role::Active, Trigger::LadderExhausted, Role::Stopping,
               "a resource failed more often than it may be restarted here: the group leaves this node"},
    Transition{Role::Starting, Trigger::LadderExhausted, Role::Stopping,
               "a resource can't be started on this node: the group leaves it"},
    Transition{Role::Stopping, Trigger::EverythingStopped, Role::Standby,
               "everything is stopped and every LUN let go of: the peer may claim"},
    Transition{Role::Stopping, Trigger::StoppedAfterFailure, Role::Failed,
               "everything is stopped; the group will not run here until the failure is cleared"},
    Transition{Role::Stopping, Trigger::StopFailed, Role::Failed,
               "a resource can't be stopped, not even by force: this node does not defend the group any more"},
    Transition{Role::Starting, Trigger::StopFailed, Role::Failed,
               "a resource can't be stopped, not even by force: this node does not defend the group any more"},
    // Losing it.
    Transition{Role::Active, Trigger::LeaseLost, Role::Lost,
               "the lease is gone: addresses are dropped, processes killed, filesystems unmounted"},
    Transition{Role::Starting, Trigger::LeaseLost, Role::Lost,
               "the lease is gone while starting: addresses are dropped, processes killed, filesystems unmounted"},
    Transition{Role::Stopping, Trigger::LeaseLost, Role::Lost,
               "the lease is gone while stopping: what is left is killed"},
    Transition{Role::Failed, Trigger::LeaseLost, Role::Lost,
               "the peer has taken the group: what could not be stopped here must go now"},
    Transition{Role::Lost, Trigger::Silenced, Role::Standby, "nothing of the group is left on this node"},
    // Failure memory and maintenance.
    Transition{Role::Failed, Trigger::FailureCleared, Role::Standby,
               "the failure is cleared: the group may run here again"},
    Transition{Role::Standby, Trigger::MaintenanceOn, Role::Maintenance,
               "this node is in maintenance: it takes no group over"},
    Transition{Role::Maintenance, Trigger::MaintenanceOff, Role::Standby,
               "maintenance is over: this node stands by again"},
};

} // namespace

std::span<const Transition> transitions() { return table; }

const Transition* findTransition(Role from, Trigger trigger) {
    const auto row = std::find_if(table.begin(), table.end(),
                                  [&](const Transition& each) { return each.from == from && each.trigger == trigger; });
    return row == table.end() ? nullptr : &*row;
}

const char* toText(Trigger trigger) {
    switch (trigger) {
    case Trigger::Adopted: return "adopted";
    case Trigger::RunsWithoutLease: return "runs without lease";
    case Trigger::PeerSilent: return "peer silent";
    case Trigger::PeerUseless: return "peer useless";
    case Trigger::PeerReleased: return "peer released";
    case Trigger::NobodyOwns: return "nobody owns";
    case Trigger::PeerBack: return "peer back";
    case Trigger::Defended: return "defended";
    case Trigger::ClaimRefused: return "claim refused";
    case Trigger::ReservationWon: return "reservation won";
    case Trigger::AllRunning: return "all running";
    case Trigger::ResourceFailed: return "resource failed";
    case Trigger::SwitchoverOrdered: return "switchover ordered";
    case Trigger::PublicNetworkLost: return "public network lost";
    case Trigger::ShutdownOrdered: return "shutdown ordered";
    case Trigger::LadderExhausted: return "ladder exhausted";
    case Trigger::EverythingStopped: return "everything stopped";
    case Trigger::StoppedAfterFailure: return "stopped after failure";
    case Trigger::StopFailed: return "stop failed";
    case Trigger::LeaseLost: return "lease lost";
    case Trigger::Silenced: return "silenced";
    case Trigger::FailureCleared: return "failure cleared";
    case Trigger::HeldBack: return "held back";
    case Trigger::RestartOrdered: return "restart ordered";
    case Trigger::FailedWhileFrozen: return "failed while frozen";
    case Trigger::DisableOrdered: return "disable ordered";
    case Trigger::MaintenanceOn: return "maintenance on";
    case Trigger::MaintenanceOff: return "maintenance off";
    }
    return "?";
}

} // namespace dyad::engine
