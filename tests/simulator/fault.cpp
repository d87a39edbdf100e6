// SPDX-License-Identifier: Apache-2.0
#include "fault.h"

#include "model/view.h"

#include <array>
#include <charconv>

namespace dyad::simulator {

namespace {

struct Words {
    const char* word;  // in plans and counts
    const char* story; // % is the node, # the target, * the amount
    bool lasts;
};

constexpr std::array<Words, faultKinds> words{{
    {"link-cut", "link # is cut", true},
    {"link-cut-one-way", "what % sends on link # is lost on the way", true},
    {"link-loss", "* % of what % sends on link # is lost", true},
    {"link-delay", "what % sends on link # comes * ms later", true},
    {"link-jitter", "what % sends on link # comes up to * ms later", true},
    {"link-duplicate", "* % of what % sends on link # comes twice", true},
    {"link-reorder", "* % of what % sends on link # is overtaken", true},
    {"link-corrupt", "* % of what % sends on link # is damaged on the way", true},
    {"link-replay", "somebody sends * recorded heartbeats of % again on link #", false},
    {"path-cut", "% has no path to LUN #", true},
    {"path-break", "the session of % with LUN # breaks", false},
    {"array-restart", "the array restarts", true},
    {"array-refuses", "the array refuses reservation commands on LUN #", true},
    {"array-slow", "every command on LUN # takes * ms longer", true},
    {"array-loses-commands", "* % of the commands on LUN # are never answered", true},
    {"array-busy", "LUN # is busy", true},
    {"array-holds-writes", "writes on LUN # stay in flight", true},
    {"unit-attention", "a unit attention (*) waits for % on LUN #", false},
    {"foreign-reservation", "a stranger reserves LUN #", true},
    {"power-off", "% loses power", true},
    {"freeze", "% stands still", true},
    {"slow-scheduling", "everything on % is up to * ms late", true},
    {"wall-clock-jump", "the wall clock of % jumps by * s", false},
    {"service-crash", "dyadd on % dies", true},
    {"heart-crash", "dyad-heart on % dies", true},
    {"lun-crash", "dyad-lun of LUN # on % dies", false},
    {"resource-start", "on % the start of resource # is bent (*)", true},
    {"resource-stop", "on % the stop of resource # is bent (*)", true},
    {"resource-kill", "on % the kill of resource # is bent (*)", true},
    {"resource-probe", "on % the probe of resource # is bent (*)", true},
    {"resource-dies", "on % resource # dies (*)", false},
    {"order", "the operator gives order * for group # at %", false},
    {"shutdown", "the operator shuts the service of % down", true},
    {"gateway-lost", "% reaches no gateway", true},
}};

std::string number(std::int64_t value) { return std::to_string(value); }
std::int64_t microseconds(Duration duration) { return duration.count() / 1000; }

Error bad(std::string_view line, const std::string& what, const std::string& remedy) {
    return {"read a fault", "\"" + std::string(line) + "\"", what, remedy};
}

bool parseNumber(std::string_view text, std::int64_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

constexpr std::int64_t maxMicroseconds = 3'600'000'000; // one hour: longer than any life

} // namespace

const char* toText(FaultKind kind) { return words[static_cast<std::size_t>(kind)].word; }

std::string toText(const Fault& fault) {
    return "fault at_us=" + number(microseconds(fault.at)) + " kind=" + toText(fault.kind) +
           " node=" + number(static_cast<int>(fault.node)) + " target=" + number(fault.target) +
           " lasts_us=" + number(microseconds(fault.lasts)) + " amount=" + number(fault.amount);
}

Result<Fault> faultFromText(std::string_view line) {
    std::string_view rest = line;
    const auto next = [&rest] {
        while (!rest.empty() && rest.front() == ' ')
            rest.remove_prefix(1);
        const std::string_view word = rest.substr(0, rest.find(' '));
        rest.remove_prefix(word.size());
        return word;
    };
    if (next() != "fault") return bad(line, "it does not begin with the word fault", {});
    Fault fault;
    unsigned seen = 0;
    for (std::string_view word = next(); !word.empty(); word = next()) {
        const std::size_t equals = word.find('=');
        if (equals == std::string_view::npos)
            return bad(line, "\"" + std::string(word) + "\" is no name=value", "Write at_us=, kind=, node=, ...");
        const std::string_view name = word.substr(0, equals);
        const std::string_view text = word.substr(equals + 1);
        std::int64_t value = 0;
        if (name != "kind" && (!parseNumber(text, value) || value < 0 || value > maxMicroseconds))
            return bad(line, std::string(name) + " is \"" + std::string(text) + "\"", "Write a whole number from 0");
        if (name == "at_us") {
            fault.at = std::chrono::microseconds(value);
            seen |= 1;
        } else if (name == "kind") {
            unsigned kind = 0;
            while (kind < faultKinds && text != words[kind].word)
                ++kind;
            if (kind == faultKinds)
                return bad(line, "there is no fault of kind \"" + std::string(text) + "\"",
                           "tests/simulator/README.md lists them");
            fault.kind = static_cast<FaultKind>(kind);
            seen |= 2;
        } else if (name == "node") {
            if (value != 1 && value != 2) return bad(line, "node is " + std::string(text), "Write 1 or 2");
            fault.node = static_cast<model::NodeId>(value);
        } else if (name == "target") {
            if (value > allTargets) return bad(line, "target is " + std::string(text), "Write 0 to 255");
            fault.target = static_cast<unsigned>(value);
        } else if (name == "lasts_us") {
            fault.lasts = std::chrono::microseconds(value);
        } else if (name == "amount") {
            if (value > 1'000'000) return bad(line, "amount is " + std::string(text), "Write 0 to 1000000");
            fault.amount = static_cast<unsigned>(value);
        } else {
            return bad(line, "a fault has no \"" + std::string(name) + "\"",
                       "Write at_us, kind, node, target, lasts_us, amount");
        }
    }
    if (seen != 3) return bad(line, "at_us or kind is missing", {});
    return fault;
}

std::string inWords(const Fault& fault) {
    const Words& of = words[static_cast<std::size_t>(fault.kind)];
    constexpr std::array manners{"well", "fails", "hangs", "slow", "lies"};
    const bool resource = fault.kind >= FaultKind::ResourceStart && fault.kind <= FaultKind::ResourceDies;
    std::string text;
    for (const char* at = of.story; *at; ++at) {
        if (*at == '%' && at[1] == ' ' && at != of.story && at[-1] == ' ' && at[-2] == '*')
            text += '%'; // percent
        else if (*at == '%')
            text += fault.node == model::NodeId::First ? "alpha" : "beta";
        else if (*at == '#' && resource)
            text += number(fault.target % 16) + " of group " + number(fault.target / 16);
        else if (*at == '#')
            text += fault.target == allTargets ? std::string("(all)") : number(fault.target);
        else if (*at == '*' && fault.kind == FaultKind::Order)
            text += std::string(model::toText(static_cast<model::OrderKind>(fault.amount % orderAboutPeer))) +
                    (fault.amount >= orderAboutPeer ? " (of the peer)" : "");
        else if (*at == '*' && resource && fault.kind != FaultKind::ResourceDies)
            text += manners[fault.amount % manners.size()];
        else if (*at == '*' && fault.kind == FaultKind::ResourceDies)
            text += fault.amount ? "its health check fails" : "it has ended";
        else if (*at == '*')
            text += number(fault.amount);
        else
            text += *at;
    }
    if (of.lasts) text += " for " + dyad::toText(fault.lasts);
    return text;
}

} // namespace dyad::simulator
