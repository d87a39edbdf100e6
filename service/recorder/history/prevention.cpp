// SPDX-License-Identifier: Apache-2.0
#include "recorder/history/prevention.h"

#include <array>

namespace dyad::recorder {

namespace {

using model::IncidentKind;
using model::IncidentOutcome;

// OWNER, NODE and RESOURCE are replaced.
struct Advice {
    bool (*fits)(const IncidentFacts&);
    const char* text;
};

bool silent(const IncidentFacts& facts) {
    return facts.kind == IncidentKind::Takeover || facts.kind == IncidentKind::FailoverRefused ||
           facts.kind == IncidentKind::NodeLost;
}

constexpr std::array table{
    Advice{
        [](const IncidentFacts& f) { return f.kind == IncidentKind::Takeover && f.ownerRebooted; },
        "OWNER rebooted: a second power supply on another circuit, or the cause in the system log of its boot before. "
        "The takeover itself was right: nobody else could have served"},
    Advice{[](const IncidentFacts& f) {
               return f.kind == IncidentKind::Takeover && f.ownerStoodStill && !f.ownerRebooted;
           },
           "OWNER stood still (a suspend, an overload, a virtual machine that moved): keep it from that, or take the "
           "profile \"relaxed\", whose time-outs are longer than the pause was"},
    Advice{[](const IncidentFacts& f) {
               return f.kind == IncidentKind::Takeover && !f.ownerRebooted && !f.ownerStoodStill && !f.pathLost &&
                      f.rule.ends_with("peer silent");
           },
           "OWNER neither beat nor defended: look whether it has power and whether its system log ends there"},
    Advice{[](const IncidentFacts& f) { return f.pathLost; },
           "a second path from OWNER to the array: the only thing that it had lost was the storage network"},
    Advice{[](const IncidentFacts& f) { return f.gatewayLost; },
           "a second way from OWNER to the gateways (bonded ports on two switches)"},
    Advice{[](const IncidentFacts& f) { return f.kind == IncidentKind::FailoverRefused && f.allLinksTogether; },
           "a link that shares nothing with the others: all of them fell silent at the same moment, so a cable duct, a "
           "switch or a network card is common to them"},
    Advice{[](const IncidentFacts& f) { return silent(f) && f.oneLinkEarlier; },
           "repairing the link that was lost earlier: from then on one more failure was enough"},
    Advice{[](const IncidentFacts& f) { return f.kind == IncidentKind::NodeLost && f.ownerRebooted; },
           "nothing had to be: OWNER rebooted and had nothing that was missed"},
    Advice{[](const IncidentFacts& f) { return f.kind == IncidentKind::ResourceFailure; },
           "the cause is in RESOURCE's own log at that time; Dyad only starts it again"},
    Advice{[](const IncidentFacts& f) { return f.kind == IncidentKind::SelfFence; },
           "whatever kept RESOURCE from being stopped, even by force, on NODE"},
    Advice{[](const IncidentFacts& f) {
               return f.kind == IncidentKind::FailoverRefused && f.rule == "claiming: claim refused";
           },
           "whatever keeps NODE from claiming: the reason stands with the rule; while it lasts the group has no second "
           "host"},
    Advice{[](const IncidentFacts& f) { return f.ordered && f.outcome == IncidentOutcome::Done; },
           "nothing: it was ordered"},
};

std::string filled(std::string text, const std::string& word, const std::string& value) {
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + value.size()))
        text.replace(at, word.size(), value);
    return text;
}

} // namespace

std::vector<std::string> whatWouldHavePrevented(const IncidentFacts& facts) {
    std::vector<std::string> advice;
    for (const Advice& row : table)
        if (row.fits(facts))
            advice.push_back(filled(filled(filled(row.text, "OWNER", facts.owner), "NODE", facts.node), "RESOURCE",
                                    facts.resource.empty() ? "the resource" : facts.resource));
    return advice;
}

} // namespace dyad::recorder
