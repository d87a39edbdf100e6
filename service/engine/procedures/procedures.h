// SPDX-License-Identifier: Apache-2.0
// The procedures. Each looks at the facts in the state and does the next thing that they call for; each may be called
// any number of times in one step.
#pragma once

#include "engine/event.h"
#include "engine/step_context.h"

namespace dyad::engine {

// startup.cpp: what do the array and the host say about the groups, before anything is done?
void beginStartup(StepContext& step, const Started& started);
void settleStartup(StepContext& step, GroupRecord& group);

// upkeep.cpp: keys are read, the lease is proven, challenges are removed.
void noteReservation(StepContext& step, const model::ReservationAnswer& answer);
void noteLun(StepContext& step, const model::LunNotice& notice);
void expireReservations(StepContext& step, GroupRecord& group);
void lookAtKeys(StepContext& step, GroupRecord& group);
// The lease was read back since the freeze: what waited for that may go on.
void endReproof(GroupRecord& group);
void noteFreeze(StepContext& step, const WasFrozen& frozen);

// claim.cpp: a group is taken.
void considerClaim(StepContext& step, GroupRecord& group);
void driveClaim(StepContext& step, GroupRecord& group);

// reconcile.cpp: resources are started and stopped towards what the role wants.
void reconcile(StepContext& step, GroupRecord& group);

// recovery.cpp: what resources answer, and what follows from a failure.
void noteResource(StepContext& step, const model::ResourceAnswer& answer);
void noteResource(StepContext& step, const model::ResourceNotice& notice);
void expireResources(StepContext& step, GroupRecord& group);
void driveRunning(StepContext& step, GroupRecord& group);
void driveFailed(StepContext& step, GroupRecord& group);

// stop.cpp: a group is given away in order; the node is shut down.
void beginStop(StepContext& step, GroupRecord& group, Trigger trigger, StopCause cause, const std::string& detail = {});
// A resource that not even force could stop: the node stops defending the group. True if there is one.
bool giveUpOnStuck(StepContext& step, GroupRecord& group);
void driveStopping(StepContext& step, GroupRecord& group);
void driveShutdown(StepContext& step);

// lose.cpp: the lease is gone.
bool loseWhereLost(StepContext& step, GroupRecord& group);
void fenceSelf(StepContext& step, const GroupRecord& group, model::ResourceId stuck);
void driveLost(StepContext& step, GroupRecord& group);

// standing.cpp: maintenance of this node; groups that are disabled or frozen.
void recallStandingOrders(StepContext& step, const Started& started);
void hearStandingOrders(StepContext& step);
void setStandingOrder(StepContext& step, GroupRecord& group, bool disabled, bool frozen);
void setMaintenance(StepContext& step, bool on);

// orders.cpp: what operators want, and what moves by policy.
void takeOrder(StepContext& step, const OrderGiven& order);
void driveWishes(StepContext& step, GroupRecord& group);

} // namespace dyad::engine
