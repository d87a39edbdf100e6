// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_checks.h"

#include "cli/words.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace dyad::cli {

namespace {

constexpr double lossWorthSaying = 0.01;
constexpr Duration clockDifference = 1s;
constexpr int certificateWarning = 60; // days
constexpr std::uint64_t leastFreeBytes = 512ULL * 1024 * 1024;
constexpr double lossOfNone = 0.03;
constexpr double secondsPerYear = 365.25 * 24 * 3600;
constexpr double oncePerYearIsTooOften = 1;
constexpr double onceInAHundredYears = 0.01;

class Findings {
public:
    void well(std::string subject, std::string text) {
        found.push_back({Health::Well, std::move(subject), std::move(text), ""});
    }
    void say(Health health, std::string subject, std::string text, std::string remedy) {
        found.push_back({health, std::move(subject), std::move(text), std::move(remedy)});
    }
    std::vector<DoctorFinding> found;
};

std::optional<engine::Timeouts> timeoutsOf(const model::ClusterView& view) {
    for (const model::Profile profile : {model::Profile::Fast, model::Profile::Standard, model::Profile::Relaxed}) {
        const char* name = profile == model::Profile::Fast       ? "fast"
                           : profile == model::Profile::Standard ? "standard"
                                                                 : "relaxed";
        if (view.profile == name) return engine::timeoutsOf(profile);
    }
    return {};
}

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, value < 0.01 || value >= 1000 ? "%.1e" : "%.2g", value);
    return text;
}

void lookAtLinks(const DoctorNode& node, Findings& findings) {
    for (const model::LinkView& link : node.view->links) {
        const std::string subject = "link " + link.name + " at " + node.node;
        const model::LinkReport& report = link.report;
        if (report.liveness != model::Liveness::Alive) {
            findings.say(Health::Ill, subject,
                         std::string("it is ") + toText(report.liveness) + ": no heartbeat comes from " +
                             link.peerAddress,
                         "check cable, switch and address of the link on both nodes; one more failure would leave the "
                         "pair without a link");
        } else if (!report.peerHearsUs) {
            findings.say(Health::Ill, subject, "heartbeats come in, but the peer does not hear ours",
                         "look for a filter or a broken cable in this direction");
        } else if (report.lossRatio >= lossWorthSaying) {
            findings.say(Health::Warning, subject,
                         percent(report.lossRatio) + " of the last 100 heartbeats were lost, round trip " +
                             toText(report.roundTrip),
                         "look at the error counters of the interface and of the switch port");
        } else {
            findings.well(subject, "both ways, round trip " + toText(report.roundTrip) + ", no loss");
        }
    }
}

void lookAtTimeouts(const DoctorNode& node, Findings& findings) {
    const std::string subject = "time-outs at " + node.node;
    const std::optional<engine::Timeouts> timeouts = timeoutsOf(*node.view);
    if (!timeouts) return;
    Duration slowest{0};
    std::vector<double> losses;
    for (const model::LinkView& link : node.view->links) {
        slowest = std::max(slowest, link.report.roundTrip);
        if (link.report.liveness == model::Liveness::Alive) losses.push_back(link.report.lossRatio);
    }
    const Duration slack = timeouts->suspect - timeouts->heartbeat;
    if (slowest > timeouts->suspect / 2)
        findings.say(Health::Warning, subject,
                     "the round trip of " + toText(slowest) + " is more than half of the silence of " +
                         toText(timeouts->suspect) + " that makes the peer suspect (profile " + node.view->profile +
                         ")",
                     "take the next slower profile");
    if (node.truth && node.truth->worstLatenessMs >= 0) {
        const Duration lateness = std::chrono::milliseconds(node.truth->worstLatenessMs);
        if (lateness >= slack)
            findings.say(
                lateness >= timeouts->lost ? Health::Ill : Health::Warning, subject,
                "the heart of " + node.node + " was once " + toText(lateness) + " late; the profile " +
                    node.view->profile + " leaves it " + toText(slack),
                "find what keeps the host busy, let dyad-heart have real-time priority, or take the next slower "
                "profile");
        else
            findings.well(subject, "the heart was never more than " + toText(lateness) + " late, " + toText(slack) +
                                       " would be too much");
    }
    if (losses.empty()) return;
    const double suspicions = silencesPerYear(losses, timeouts->heartbeat, timeouts->suspect);
    const double lost = silencesPerYear(losses, timeouts->heartbeat, timeouts->lost);
    const std::string odds =
        "by chance alone the peer would be suspect at most about " + number(suspicions) + " times a year, and lost " +
        number(lost) + " times; a false takeover needs, beyond that, an owner that does not remove the challenge for " +
        toText(timeouts->challengeWindow) +
        " (model: heartbeats are lost independently, with the measured loss, or 3 % where none of the last 100 was "
        "lost)";
    // Where nothing was lost the odds are an upper bound, which is no finding.
    const bool measured = std::any_of(losses.begin(), losses.end(), [](double ratio) { return ratio > 0; });
    if (measured && lost >= oncePerYearIsTooOften)
        findings.say(Health::Ill, subject, odds, "mend the links, add one, or take the next slower profile");
    else if (measured && lost >= onceInAHundredYears)
        findings.say(Health::Warning, subject, odds, "add a link, or take the next slower profile");
    else
        findings.well(subject, odds);
}

void lookAtService(const DoctorNode& node, Findings& findings) {
    const model::ClusterView& view = *node.view;
    for (const model::LunView& lun : view.luns) {
        const std::string subject = "LUN " + lun.name + " at " + node.node;
        if (lun.pathUp)
            findings.well(subject, "the path is up, held by " + lun.holderName);
        else
            findings.say(Health::Ill, subject, "no path to the array" + (lun.detail.empty() ? "" : ": " + lun.detail),
                         "check the storage network of " + node.node + " and the array's portal");
    }
    for (const model::GroupView& group : view.groups) {
        if (group.ownRole == model::Role::Failed)
            findings.say(Health::Ill, "group " + group.name + " at " + node.node, "it has failed there: " + group.why,
                         "repair the cause, then `dyad clear-failure " + group.name + "`");
        else if (group.disabled || group.frozen)
            findings.say(Health::Warning, "group " + group.name + " at " + node.node,
                         group.disabled ? "an operator has disabled it: it is stopped"
                                        : "an operator has frozen it: it is not taken over",
                         "`dyad " + std::string(group.disabled ? "enable " : "unfreeze ") + group.name +
                             "` when the work is done");
        else if (group.activeNode.empty())
            findings.say(Health::Ill, "group " + group.name + " at " + node.node, "no node runs it: " + group.why,
                         "look at `dyad events` and `dyad why`");
    }
    for (const model::NodeView& each : view.nodes)
        if (each.self && each.maintenance)
            findings.say(Health::Warning, "maintenance of " + node.node, "the node takes no group over",
                         "`dyad maintenance " + node.node + " off` when the work is done");
    for (const model::AlarmView& alarm : view.alarms) {
        // What is looked at here in its own words isn't repeated.
        if (alarm.id.starts_with("link.") || alarm.id.starts_with("lun.path:") || alarm.id.starts_with("truth.") ||
            alarm.id.starts_with("group.failed:"))
            continue;
        findings.say(alarm.severity == model::Severity::Critical ? Health::Ill : Health::Warning,
                     "alarm " + alarm.id + " at " + node.node, alarm.text, alarm.remedy);
    }
}

void compare(const DoctorNode& first, const DoctorNode& second, Findings& findings) {
    const auto wall = [](const DoctorNode& node) {
        return std::chrono::milliseconds(node.view->wallClockMs) -
               std::chrono::duration_cast<std::chrono::milliseconds>(node.asked - Instant());
    };
    const Duration apart = wall(first) - wall(second);
    const Duration distance = apart < Duration{0} ? -apart : apart;
    if (distance > clockDifference + first.uncertainty + second.uncertainty)
        findings.say(
            Health::Warning, "clocks", "the time of day of both nodes differs by " + toText(distance),
            "let both follow one time server (chrony); Dyad decides nothing by it, but logs are hard to compare");
    else
        findings.well("clocks", "the time of day of both nodes agrees to within " +
                                    toText(std::max(distance, first.uncertainty + second.uncertainty)));
    if (!first.truth || !second.truth) return;
    if (first.truth->configurationDigest == second.truth->configurationDigest)
        findings.well("configuration", "both nodes run the same");
    else
        findings.say(Health::Ill, "configuration", "the nodes run different configurations",
                     "`dyad config diff` shows what differs; `dyad config apply` makes them equal");
    if (first.truth->version == second.truth->version)
        findings.well("version", "both nodes run " + first.truth->version);
    else
        findings.say(Health::Warning, "version",
                     first.node + " runs " + first.truth->version + ", " + second.node + " " + second.truth->version,
                     "bring both to the same version");
}

void lookAtFiles(const LocalFacts& local, Findings& findings) {
    for (const LocalFile& file : local.files) {
        char modes[64];
        std::snprintf(modes, sizeof modes, "mode %04o, owner %u", file.mode, file.owner);
        if (!file.there)
            findings.say(Health::Ill, file.path, file.what + " is not there", "make it, or copy it from the peer");
        else if ((file.mode & ~file.wanted) != 0 || file.owner != 0)
            findings.say(Health::Ill, file.path, file.what + " can be read or changed by others: " + modes,
                         "chown root " + file.path + " and chmod 0600 it" +
                             (file.what.find("key") == std::string::npos
                                  ? ""
                                  : "; then make a new one, for this one may be known"));
        else
            findings.well(file.path, file.what + ": " + modes);
    }
    if (local.certificateDays) {
        const std::string text = *local.certificateDays < 0
                                     ? "it expired " + std::to_string(-*local.certificateDays) + " days ago"
                                     : "it is valid for " + std::to_string(*local.certificateDays) + " more days";
        if (*local.certificateDays < certificateWarning)
            findings.say(*local.certificateDays < 0 ? Health::Ill : Health::Warning, "certificate", text,
                         "make a new one for the pair, copy it to both nodes, restart dyadd one after the other");
        else
            findings.well("certificate", text);
    } else if (!local.certificateTrouble.empty()) {
        findings.say(Health::Ill, "certificate", local.certificateTrouble, "make one for the pair");
    }
    if (local.freeBytes) {
        const std::string text = std::to_string(*local.freeBytes / 1024 / 1024) + " MiB free of " +
                                 std::to_string(local.totalBytes / 1024 / 1024) + " in " + local.stateFolder;
        if (*local.freeBytes < leastFreeBytes)
            findings.say(Health::Warning, "disk space", text, "make room: journal, history and recordings need it");
        else
            findings.well("disk space", text);
    }
    if (local.watchdog)
        findings.well("watchdog", "there is one (/dev/watchdog); Dyad does not hold it yet");
    else
        findings.say(Health::Warning, "watchdog", "this host has no watchdog device",
                     "load the driver of the board's, or softdog: a host that hangs as a whole is then reset");
}

} // namespace

double silencesPerYear(const std::vector<double>& lossRatios, Duration heartbeat, Duration silence) {
    if (heartbeat <= Duration{0}) return 0;
    const double inARow =
        std::max(1.0, std::floor(static_cast<double>(silence.count()) / static_cast<double>(heartbeat.count())));
    double together = 1;
    for (const double ratio : lossRatios)
        together *= std::pow(ratio > 0 ? std::min(ratio, 1.0) : lossOfNone, inARow);
    const double tries = secondsPerYear / std::chrono::duration<double>(heartbeat).count();
    return tries * together;
}

std::vector<DoctorFinding> examine(const std::vector<DoctorNode>& nodes, const LocalFacts& local) {
    Findings findings;
    for (const DoctorNode& node : nodes) {
        if (!node.view) {
            findings.say(Health::Ill, "service on " + node.node, "it does not answer: " + node.trouble,
                         "on " + node.node + ": systemctl status dyadd");
            continue;
        }
        findings.well("service on " + node.node, "it answers");
        lookAtLinks(node, findings);
        lookAtTimeouts(node, findings);
        lookAtService(node, findings);
    }
    if (nodes.size() == 2 && nodes[0].view && nodes[1].view) compare(nodes[0], nodes[1], findings);
    lookAtFiles(local, findings);
    return findings.found;
}

} // namespace dyad::cli
