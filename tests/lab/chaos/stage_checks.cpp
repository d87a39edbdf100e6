// SPDX-License-Identifier: Apache-2.0
// What a stage looks at after each episode and at the end.
#include "lab/chaos/stage.h"

#include "lab/array.h"
#include "lab/chaos/appender.h"
#include "lab/chaos/whereabouts.h"
#include "lab/image.h"
#include "lab/settings.h"
#include "lab/write_probe.h"

#include <algorithm>
#include <thread>

namespace dyad::lab {

namespace {

constexpr Duration nap = 50ms;
constexpr Duration administratorPause = 3s; // between two orders of the same kind
constexpr Duration wholeGuard = 90s;        // beyond the bound: until every last thing is well
constexpr Duration calm = 500ms;            // so that a late disturbance shows
constexpr Duration readPatience = 30s;
constexpr std::size_t mostWinsAlone = 4; // of one group after one fault: more is ping-pong
constexpr std::size_t recordsEvery = 4;  // episodes: the appended file is read as a whole

} // namespace

bool Stage::waitForService(Instant healed, EpisodeReport& report, const Episode* episode) {
    while (!m_interrupted()) {
        tick(report);
        if (episode != nullptr) setBounds(*episode, report);
        const bool repaired = m_injector.repair();
        if (m_client->waitForNewRow(nap)) {
            report.back = monotonicNow() - healed;
            return true;
        }
        report.back = monotonicNow() - healed;
        if (report.back > report.bounds.back) {
            report.problems.push_back("the service is not back after " + toText(report.back) + ", the bound is " +
                                      toText(report.bounds.back) + (repaired ? "" : " (and the disk is still full)"));
            return false;
        }
        // A group that has failed everywhere waits for a person.
        m_book.read();
        Wholeness failed;
        for (const char* host : hostNames)
            for (const auto& group : m_book.failedGroups(host))
                failed.failed.insert({host, group});
        administer(failed, report);
    }
    return false;
}

void Stage::administer(const Wholeness& wholeness, EpisodeReport& report) {
    const Instant now = monotonicNow();
    const auto order = [&](const std::string& host, const std::vector<std::string>& words) {
        std::string name = host;
        for (const auto& word : words)
            name += " " + word;
        const auto last = m_orderedAt.find(name);
        if (last != m_orderedAt.end() && now - last->second < administratorPause) return;
        m_orderedAt[name] = now;
        m_injector.orders().give(host, words);
        if (words.front() == "clear-failure") {
            ++m_cleared;
            ++report.cleared;
            report.notes.push_back("the administrator clears the failure of " + words.back() + " on " + host);
        }
    };
    for (const auto& [host, group] : wholeness.failed)
        order(host, {"clear-failure", group});
    for (const auto& host : wholeness.inMaintenance)
        order(host, {"maintenance", host, "off"});
}

bool Stage::waitForWhole(EpisodeReport& report) {
    const Instant began = monotonicNow();
    const std::uint64_t records = acknowledgedRecords();
    while (!m_interrupted()) {
        tick(report);
        const bool repaired = m_injector.repair();
        Wholeness wholeness = askBoth();
        if (!repaired) wholeness.missing.emplace_back("a filesystem is still full");
        if (acknowledgedRecords() <= records) wholeness.missing.emplace_back("no record has been appended");
        if (wholeness.whole()) return true;
        if (monotonicNow() - began > report.bounds.back + wholeGuard) {
            for (const auto& missing : wholeness.missing)
                report.problems.push_back("the pair does not become whole: " + missing);
            return false;
        }
        administer(wholeness, report);
        std::this_thread::sleep_for(nap);
    }
    return false;
}

void Stage::probeWrites(EpisodeReport& report) {
    const std::pair<const char*, unsigned> luns[] = {{dataMount, dataLun}, {ledgerMount, ledgerLun}};
    for (const auto& [mount, lun] : luns)
        probeWritesOf(mount, lun, report);
}

// A group may leave in order just now: a cable that was out for nearly as long as the nodes are patient moves it after
// the cable is back. So whoever has the mount is asked before and after, and the probe counts where that is the same.
void Stage::probeWritesOf(const char* mount, unsigned lun, EpisodeReport& report) {
    const Instant began = monotonicNow();
    while (true) {
        const bool patient = monotonicNow() - began < readPatience && !m_interrupted();
        const auto owners = hostsWithMount(mount);
        if (owners.size() == 1) {
            const WriteProbe probe = probeWrite(otherHost(owners.front()), lun);
            const bool stayed = hostsWithMount(mount) == owners;
            if (stayed && (probe.answer != WriteProbe::Answer::NoPath || !patient)) {
                const std::string from =
                    "the write probe of LUN " + std::to_string(lun) + " from " + otherHost(owners.front());
                report.expect(probe.answer != WriteProbe::Answer::Accepted, from + " was accepted: " + probe.detail);
                report.expect(probe.answer != WriteProbe::Answer::NoPath,
                              from + " did not get through: " + probe.detail);
                if (probe.answer == WriteProbe::Answer::Refused) ++m_probesRefused;
                return;
            }
        }
        if (owners.size() > 1 || !patient) {
            report.problems.push_back(std::string(mount) + " is mounted on " + std::to_string(owners.size()) +
                                      " hosts");
            return;
        }
        std::this_thread::sleep_for(nap);
    }
}

void Stage::checkRows(EpisodeReport& report) {
    const std::uint64_t upTo = m_client->acknowledgedUpTo();
    const Instant began = monotonicNow();
    while (true) {
        const auto verdict = m_client->verify(m_rowsChecked);
        if (verdict) {
            report.expect(verdict.value().holds(),
                          std::to_string(verdict.value().acknowledged - verdict.value().found) +
                              " acknowledged rows are missing, " + std::to_string(verdict.value().duplicates) +
                              " are stored twice" +
                              (verdict.value().missing.empty()
                                   ? ""
                                   : ", the first is row " + std::to_string(verdict.value().missing.front())));
            break;
        }
        if (monotonicNow() - began > readPatience) {
            report.problems.push_back(verdict.error().text());
            return;
        }
    }
    m_rowsChecked = upTo;
    if (report.number % recordsEvery != 0) return;
    const auto owners = hostsWithMount(ledgerMount);
    if (owners.size() != 1) return; // said above
    const auto records = verifyAppended(owners.front());
    if (!records)
        report.problems.push_back(records.error().text());
    else
        report.problems.insert(report.problems.end(), records.value().problems.begin(), records.value().problems.end());
}

// Nothing of the product may end that nobody has killed.
void Stage::checkProcesses(const Episode& episode, EpisodeReport& report) {
    for (const std::string host : hostNames) {
        const auto meant = [&](std::initializer_list<FaultKind> kinds) {
            return static_cast<std::size_t>(
                std::count_if(report.faults.begin(), report.faults.end(), [&](const ActiveFault& fault) {
                    return std::find(kinds.begin(), kinds.end(), fault.planned.kind) != kinds.end() &&
                           (fault.host.empty() || fault.host == host);
                }));
        };
        const auto resets = static_cast<std::size_t>(std::count(report.resets.begin(), report.resets.end(), host));
        const std::size_t starts = m_book.count("service_started", "", report.zero, host);
        const std::size_t expected =
            resets + meant({FaultKind::KillService, FaultKind::PowerOff, FaultKind::PowerOffBoth, FaultKind::Shutdown});
        report.expect(starts <= expected, "the service on " + host + " was started " + std::to_string(starts) +
                                              " times, though it was ended only " + std::to_string(expected) +
                                              " times: it has crashed");
        const auto hearts = std::count_if(m_book.recent().begin(), m_book.recent().end(), [&](const BookLine& each) {
            return each.host == host && each.line.at >= report.zero && each.line.kind == "alarm_raised" &&
                   each.line.text.starts_with("heart.died");
        });
        report.expect(hearts <= static_cast<long>(meant({FaultKind::KillHeart})),
                      "the heart on " + host + " died " + std::to_string(hearts) +
                          " times, more often than it was killed");
        if (resets > 0 && !mayDisturb(episode, groupName) && !mayDisturb(episode, ledgerGroup))
            report.problems.push_back(host + " has reset itself, though nothing that happened asked for it");
    }
}

void Stage::checkJournals(const Episode& episode, EpisodeReport& report) {
    std::this_thread::sleep_for(calm);
    m_book.read();
    checkProcesses(episode, report);
    std::map<std::string, std::size_t> wins;
    for (const auto& win : m_book.wins())
        if (win.at >= report.zero) {
            ++wins[win.group];
            ++report.claims;
            if (!mayDisturb(episode, win.group))
                report.problems.push_back(win.host + " claimed group " + win.group +
                                          ", though nothing that happened may move it");
        }
    for (const auto& [group, count] : wins)
        if (episode.faults.size() == 1 && count > mostWinsAlone)
            report.problems.push_back("group " + group + " was claimed " + std::to_string(count) + " times");
    // An epoch is greater than every one that the claiming node has heard of or read: what the array has forgotten, a
    // service that began after that can't have read.
    const bool serviceForgot = m_book.count("service_started", "", report.zero) > 0;
    for (const auto& fault : report.faults)
        if (serviceForgot && fault.planned.kind == FaultKind::ArrayStop) m_book.epochsMayBeginAgain(fault.began);
    const auto contradictions = m_book.contradictions();
    for (std::size_t i = m_contradictionsKnown; i < contradictions.size(); ++i)
        report.problems.push_back(contradictions[i]);
    m_contradictionsKnown = contradictions.size();
}

void Stage::judge(CampaignReport& report) {
    report.lasted = monotonicNow() - m_began;
    report.selfFences = m_selfFences;
    report.clearedFailures = m_cleared;
    report.writeProbesRefused = m_probesRefused;
    m_book.read();
    report.takeovers = m_book.takeovers();
    report.switchovers = m_book.switchovers();
    const auto rows = m_client->verify();
    if (rows) {
        report.rowsAcknowledged = rows.value().acknowledged;
        report.rowsFound = rows.value().found;
        report.rowsTwice = rows.value().duplicates;
        if (!rows.value().holds()) report.problems.emplace_back("acknowledged rows are missing or stored twice");
    } else {
        report.problems.push_back(rows.error().text());
    }
    const auto owners = hostsWithMount(ledgerMount);
    const auto records =
        owners.size() == 1
            ? verifyAppended(owners.front())
            : Result<AppendedVerdict>(Error{"read the appended file back", "",
                                            "it is mounted on " + std::to_string(owners.size()) + " hosts", ""});
    if (records) {
        report.recordsAcknowledged = records.value().acknowledged;
        report.recordsFound = records.value().found;
        for (const auto& problem : records.value().problems)
            report.problems.push_back(problem);
        if (records.value().acknowledged == 0) report.problems.emplace_back("no record was ever appended");
    } else {
        report.problems.push_back(records.error().text());
    }
}

} // namespace dyad::lab
