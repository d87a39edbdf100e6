// SPDX-License-Identifier: Apache-2.0
#include "lab/demo_steps.h"

#include "lab/array.h"
#include "lab/held_file.h"
#include "lab/host.h"
#include "lab/image.h"
#include "lab/network.h"
#include "lab/pair.h"
#include "lab/paths.h"
#include "lab/settings.h"

#include <set>
#include <thread>

namespace dyad::lab {

namespace {

constexpr Duration patience = 60s; // a deadlock guard, no test of speed
constexpr Duration underLoad = 2s; // of undisturbed load before a fault
constexpr Duration calm = 1s;      // after it, so that a late disturbance shows

// The latest preemption after the last heartbeat (docs/TIMEOUTS.md).
Duration preemptAfter(const std::string& profile) {
    return profile == "fast" ? 160ms : profile == "standard" ? 700ms : 7s;
}

// Prints the moments of a journal as they come, until `done` says so.
bool follow(DemoStage& stage, StepReport& report, const std::string& host, const std::function<bool()>& done) {
    std::set<std::string> shown;
    for (const auto& moment : report.moments)
        shown.insert(moment.name);
    const Instant began = monotonicNow();
    while (true) {
        const bool finished = done();
        for (const auto& moment : timeLine(host, report.zero, groupName)) {
            if (!shown.insert(moment.name).second) continue;
            report.moments.push_back(moment);
            printMoment(moment, report.zero);
        }
        if (finished) return true;
        if (stage.interrupted() || monotonicNow() - began > patience) return false;
        std::this_thread::sleep_for(10ms);
    }
}

void firstRow(DemoStage& stage, StepReport& report) {
    report.expect(stage.client.waitForNewRow(patience), "no row was acknowledged any more");
    const ClientGap gap = stage.client.gap();
    if (gap.to < report.zero) return;
    const Moment moment{"first_row", "first row acknowledged after the gap", "✎", gap.to};
    report.moments.push_back(moment);
    printMoment(moment, report.zero);
}

bool active(const std::string& host, Instant since, const std::string& group) {
    return findLine(host, since, "group_active", group).has_value();
}

void probe(StepReport& report, const std::string& from, const std::string& when, bool mustReach = true) {
    const WriteProbe answer = probeWrite(from, dataLun);
    report.probes.push_back({from, when, answer});
    report.expect(answer.answer != WriteProbe::Answer::Accepted, "the array took a write from " + from + " " + when);
    if (mustReach)
        report.expect(answer.answer != WriteProbe::Answer::NoPath,
                      "the write probe from " + from + " " + when + " did not get through");
}

// Neither host has claimed, lost or moved anything of the group since then.
void expectUndisturbed(StepReport& report) {
    for (const char* host : hostNames)
        for (const char* kind :
             {"reservation_won", "reservation_released", "lease_lost", "resource_stopped", "resource_failed"})
            if (const auto line = findLine(host, report.zero, kind, groupName))
                report.problems.push_back(std::string(host) + " has disturbed the service: " + line->text);
}

// A write of the old owner's other LUN, on its way inside the array.
class HeldWriter {
public:
    explicit HeldWriter(const std::string& host) {
        const std::string mark = "dyad-lab-mark-" + std::to_string(monotonicNow().nanoseconds());
        if (auto held = holdNextWrite(mark); !held) {
            m_trouble = held.error().text();
            return;
        }
        const auto command = insideHost(
            host, {programPath("dyad-lab"), "internal", "write-mark", std::string(ledgerMount) + "/mark", mark});
        if (!command) {
            m_trouble = command.error().text();
            return;
        }
        m_writer = std::thread(
            [words = command.value()] { [[maybe_unused]] const auto ended = run(words, {.deadline = patience}); });
        const Instant began = monotonicNow();
        while (monotonicNow() - began < 10s) {
            const auto story = heldWrite();
            if (story && story.value().arrived) return;
            std::this_thread::sleep_for(2ms);
        }
        m_trouble = "the marked write did not arrive at the array";
    }
    ~HeldWriter() {
        if (m_release.joinable()) m_release.join();
        [[maybe_unused]] const auto released = letHeldWriteGo();
        if (m_writer.joinable()) m_writer.join();
    }
    HeldWriter(const HeldWriter&) = delete;
    HeldWriter& operator=(const HeldWriter&) = delete;

    [[nodiscard]] const std::string& trouble() const { return m_trouble; }
    void letGoAt(Instant at) {
        m_release = std::thread([at] {
            const Duration left = at - monotonicNow();
            if (left > 0ms) std::this_thread::sleep_for(left);
            [[maybe_unused]] const auto released = letHeldWriteGo();
        });
    }

private:
    std::thread m_writer;
    std::thread m_release;
    std::string m_trouble;
};

void powerOffUnderLoad(DemoStage& stage, StepReport& report) {
    const std::string old = report.owner;
    const std::string heir = otherHost(old);
    HeldWriter writer(old);
    report.expect(writer.trouble().empty(), "no write could be held in the array: " + writer.trouble());
    const auto off = powerOff(old);
    report.expect(off.ok(), "the power of " + old + " could not be cut");
    if (!off) return;
    report.zero = off.value();
    writer.letGoAt(report.zero + preemptAfter(stage.profile) + 250ms);
    printNote("power of " + old + " is off");
    report.expect(follow(stage, report, heir, [&] { return active(heir, report.zero, groupName); }),
                  heir + " did not take the group over");
    firstRow(stage, report);
    const auto won = waitForLine(heir, report.zero, "reservation_won", patience, ledgerGroup);
    report.expect(won.has_value(), heir + " did not claim the second LUN");
    const auto story = heldWrite();
    if (!won || !story || !story.value().arrived || !story.value().landed) {
        report.problems.push_back("what became of the held write is not known");
        return;
    }
    report.barrier = BarrierReport{*story.value().arrived, *story.value().landed, won->at};
    report.expect(report.barrier->holds(), "a write of the old owner landed after the new owner's read-back");
}

void returnAsStandby(DemoStage& stage, StepReport& report) {
    const std::string back = otherHost(report.owner);
    report.zero = monotonicNow();
    const auto on = powerOn(back);
    report.expect(on.ok(), on ? "" : on.error().text());
    printNote("power of " + back + " is on");
    const auto up = waitForService(back, patience);
    report.expect(up.ok(), up ? "" : up.error().text());
    const auto together = waitForEachOther(report.zero, patience);
    report.expect(together.ok(), together ? "" : together.error().text());
    report.moments.push_back({"standby_ready", "the peer is heard again", "♥", monotonicNow()});
    printMoment(report.moments.back(), report.zero);
    std::this_thread::sleep_for(calm);
    report.expect(!stage.interrupted(), "interrupted");
    expectUndisturbed(report);
}

void switchBack(DemoStage& stage, StepReport& report) {
    const std::string from = report.owner;
    const std::string to = otherHost(from);
    report.zero = monotonicNow();
    const auto ordered = dyadOn(from, {"switchback", groupName});
    report.expect(ordered.ok(), ordered ? "" : ordered.error().text());
    printNote("dyad switchback " + std::string(groupName));
    report.expect(follow(stage, report, to, [&] { return active(to, report.zero, groupName); }),
                  to + " did not take the group back");
    firstRow(stage, report);
    // The second group follows, so that the next steps find both on one host again.
    const auto second = dyadOn(from, {"switchback", ledgerGroup});
    report.expect(second.ok(), second ? "" : second.error().text());
    report.expect(waitForLine(to, report.zero, "group_active", patience, ledgerGroup).has_value(),
                  "the second group did not follow");
}

void partition(DemoStage& stage, StepReport& report) {
    const std::string standby = otherHost(report.owner);
    std::vector<Interference> rules;
    for (const char* link : {privateLink, publicLink})
        for (const char* from : hostNames)
            rules.push_back({std::string(from) + "-" + link, otherHost(from) + "-" + link});
    report.zero = monotonicNow();
    const auto cut = interfere(rules);
    report.expect(cut.ok(), cut ? "" : cut.error().text());
    printNote("the hosts don't hear each other any more; clients reach both");
    const auto defended = [&] { return findLine(standby, report.zero, "challenge_defended", groupName).has_value(); };
    report.expect(follow(stage, report, standby, defended), report.owner + " did not defend");
    probe(report, standby, "during the partition");
    std::this_thread::sleep_for(calm);
    expectUndisturbed(report);
    const Instant healed = monotonicNow();
    const auto heal = healNetwork();
    report.expect(heal.ok(), heal ? "" : heal.error().text());
    printNote("the links are mended");
    const auto together = waitForEachOther(healed, patience);
    report.expect(together.ok(), together ? "" : together.error().text());
    expectUndisturbed(report);
}

void loseTheArray(DemoStage& stage, StepReport& report) {
    const std::string old = report.owner;
    const std::string heir = otherHost(old);
    report.zero = monotonicNow();
    const auto cut = pullCable(old, storageLink);
    report.expect(cut.ok(), cut ? "" : cut.error().text());
    printNote(old + " has lost the array, and nothing else");
    report.expect(follow(stage, report, heir, [&] { return active(heir, report.zero, groupName); }),
                  "the group did not move to " + heir);
    firstRow(stage, report);
    report.expect(waitForOwner(heir, patience), old + " has not let go of the floating address");
    report.expect(waitForLine(heir, report.zero, "group_active", patience, ledgerGroup).has_value(),
                  "the second group did not follow");
    const auto heal = healNetwork();
    report.expect(heal.ok(), heal ? "" : heal.error().text());
    printNote("the cable is plugged in again");
    if (!isOn(old)) {
        // It could not make itself harmless in any other way than by a reset: it boots again, as a host does.
        printNote(old + " has reset itself and boots again");
        const auto again = powerOn(old);
        report.expect(again.ok(), again ? "" : again.error().text());
    }
    const auto up = waitForService(old, patience);
    report.expect(up.ok(), up ? "" : up.error().text());
    std::this_thread::sleep_for(calm);
    report.expect(ownerByAddress() == heir,
                  "the service did not stay on " + heir + " when the cable was plugged in again");
}

} // namespace

const std::vector<DemoStep>& demoSteps() {
    static const std::vector<DemoStep> steps{
        {"power_off", "the active host loses power under load", powerOffUnderLoad},
        {"return_as_standby", "it comes back, as standby", returnAsStandby},
        {"switch_back", "switched back by command", switchBack},
        {"links_cut", "both heartbeat links are cut while both hosts live", partition},
        {"array_lost", "the active host loses the array but nothing else", loseTheArray},
    };
    return steps;
}

StepReport playStep(const DemoStep& step, DemoStage& stage) {
    StepReport report;
    report.name = step.name;
    report.title = step.title;
    report.zero = monotonicNow();
    report.owner = ownerByAddress().value_or("");
    report.expect(!report.owner.empty(), "the floating address is on neither host, or on both");
    report.expect(stage.client.waitForNewRow(patience), "the client can't write before the step");
    if (!report.ok()) return report;
    std::this_thread::sleep_for(underLoad);
    stage.client.restartGap();
    const std::string standby = otherHost(report.owner);
    probe(report, isOn(standby) ? standby : "array", "before");
    step.play(stage, report);
    report.gap = stage.client.gap();
    report.owner = ownerByAddress().value_or("");
    report.expect(!report.owner.empty(), "the floating address is on neither host, or on both");
    if (!report.owner.empty()) {
        const std::string other = otherHost(report.owner);
        probe(report, isOn(other) ? other : "array", "after");
    }
    const auto verdict = stage.client.verify();
    if (verdict) {
        report.ledger = verdict.value();
        report.expect(report.ledger.holds(), "acknowledged rows are missing or stored twice");
        report.expect(report.ledger.acknowledged > 0, "the client has written nothing");
    } else {
        report.problems.push_back(verdict.error().text());
    }
    return report;
}

} // namespace dyad::lab
