// SPDX-License-Identifier: Apache-2.0
#include "life.h"

#include "world/world.h"

namespace dyad::simulator {

const char* toText(Verdict::Kind kind) {
    switch (kind) {
    case Verdict::Kind::Clean: return "clean";
    case Verdict::Kind::Safety: return "safety";
    case Verdict::Kind::Liveness: return "liveness";
    }
    return "?";
}

Counts& Counts::operator+=(const Counts& other) {
    faults += other.faults;
    for (std::size_t i = 0; i < faultKinds; ++i)
        faultsByKind[i] += other.faultsByKind[i];
    takeovers += other.takeovers;
    switchovers += other.switchovers;
    steps += other.steps;
    heartbeats += other.heartbeats;
    arrayCommands += other.arrayCommands;
    acknowledgedWrites += other.acknowledgedWrites;
    selfFences += other.selfFences;
    orders += other.orders;
    happenings += other.happenings;
    virtualTime += other.virtualTime;
    calmTime += other.calmTime;
    return *this;
}

Verdict live(const Plan& plan, Story* story) {
    World world(plan, story);
    return world.run();
}

} // namespace dyad::simulator
