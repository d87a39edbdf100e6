// SPDX-License-Identifier: Apache-2.0
#include "lab/chaos/plan.h"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace dyad::lab {

namespace {

// What an episode costs at least beyond its faults: coming back, looking at everything, a moment of calm. A campaign
// ends when its minutes are over, so it must not be more.
constexpr Duration episodeOverhead = 1500ms;

// SplitMix64: the standard library's distributions differ from one library to the next.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : m_state(seed) {}
    std::uint64_t next() {
        m_state += 0x9e3779b97f4a7c15u;
        std::uint64_t z = m_state;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    long between(long low, long high) {
        return low + static_cast<long>(next() % static_cast<std::uint64_t>(high - low + 1));
    }
    Duration span(long lowMs, long highMs) { return std::chrono::milliseconds(between(lowMs, highMs)); }
    bool chance(long percent) { return between(1, 100) <= percent; }
    std::string oneOf(std::initializer_list<const char*> words) {
        return words.begin()[between(0, static_cast<long>(words.size()) - 1)];
    }

private:
    std::uint64_t m_state;
};

unsigned weightOf(FaultKind kind) {
    switch (kind) {
    case FaultKind::PowerOff: return 5;
    case FaultKind::Freeze:
    case FaultKind::LinksCut:
    case FaultKind::StoragePulled:
    case FaultKind::Switchover: return 3;
    case FaultKind::PowerOffBoth:
    case FaultKind::ClearFailure:
    case FaultKind::HostDiskFull: return 1;
    default: return 2;
    }
}

FaultKind drawKind(Dice& dice, const std::vector<FaultKind>& kinds) {
    unsigned sum = 0;
    for (const auto kind : kinds)
        sum += weightOf(kind);
    long left = dice.between(1, static_cast<long>(sum));
    for (const auto kind : kinds) {
        left -= static_cast<long>(weightOf(kind));
        if (left <= 0) return kind;
    }
    return kinds.back();
}

PlannedFault drawFault(Dice& dice, FaultKind kind) {
    PlannedFault fault{.kind = kind};
    fault.host = dice.chance(65) ? ownerHost : standbyHost;
    const std::string heartbeatLink = dice.oneOf({"private", "public"});
    switch (kind) {
    case FaultKind::PowerOff: fault.lasts = dice.span(20, 9000); break;
    case FaultKind::PowerOffBoth:
        fault.host = "-";
        fault.lasts = dice.span(200, 4000);
        break;
    case FaultKind::Shutdown: fault.lasts = dice.span(1000, 7000); break;
    case FaultKind::Freeze: fault.lasts = dice.chance(40) ? dice.span(50, 900) : dice.span(900, 6000); break;
    case FaultKind::LinksCut:
        fault.host = "-";
        fault.lasts = dice.chance(40) ? dice.span(100, 1500) : dice.span(1500, 12000);
        break;
    case FaultKind::LinkCut:
        fault.host = "-";
        fault.link = heartbeatLink;
        fault.lasts = dice.span(100, 5000);
        break;
    case FaultKind::OneWay:
        fault.link = dice.chance(50) ? allLinks : heartbeatLink;
        fault.lasts = dice.span(200, 6000);
        break;
    case FaultKind::Loss:
        fault.link = dice.chance(30) ? "storage" : dice.chance(40) ? allLinks : heartbeatLink;
        fault.amount = dice.between(2, fault.link == "storage" ? 20 : 60);
        fault.lasts = dice.span(1000, 8000);
        break;
    case FaultKind::Delay:
        fault.link = dice.chance(30) ? "storage" : dice.chance(40) ? allLinks : heartbeatLink;
        fault.amount = dice.between(1, 120);
        fault.lasts = dice.span(1000, 6000);
        break;
    case FaultKind::PublicPulled:
    case FaultKind::StoragePulled: fault.lasts = dice.chance(30) ? dice.span(50, 900) : dice.span(900, 6000); break;
    case FaultKind::ArrayStop:
        fault.host = "-";
        fault.lasts = dice.chance(50) ? dice.span(20, 900) : dice.span(900, 5000);
        break;
    case FaultKind::ArraySlow:
        fault.host = "-";
        fault.lasts = dice.span(50, 5000);
        break;
    case FaultKind::KillLun: fault.amount = dice.between(0, 2); break;
    case FaultKind::KillService:
    case FaultKind::KillHeart: break;
    case FaultKind::KillDatabase: fault.host = ownerHost; break;
    case FaultKind::HostDiskFull: fault.lasts = dice.span(1000, 6000); break;
    case FaultKind::LunFull:
        fault.host = ownerHost;
        fault.link = dice.oneOf({"array", "ledger"});
        fault.lasts = dice.span(1000, 5000);
        break;
    case FaultKind::ClockJump:
        fault.amount = dice.between(1, 100'000);
        if (dice.chance(50)) fault.amount = -fault.amount; // a statement of its own: the order of the draws is fixed
        fault.lasts = dice.span(500, 4000);
        break;
    case FaultKind::Switchover:
    case FaultKind::Switchback:
    case FaultKind::ClearFailure: fault.link = dice.chance(80) ? "erp" : "ledger"; break;
    case FaultKind::Maintenance: fault.lasts = dice.span(500, 6000); break;
    }
    return fault;
}

Duration endOf(const Episode& episode) {
    Duration end{0};
    for (const auto& fault : episode.faults)
        end = std::max(end, fault.at + fault.lasts);
    return end;
}

Error wrong(const std::string& name, std::size_t line, const std::string& word, const std::string& what) {
    return Error{"read the plan", name + ":" + std::to_string(line), "\"" + word + "\": " + what,
                 "A plan is made of lines \"episode\" and \"at_ms=0 fault=KIND host=HOST [lasts_ms=N] [link=WORD] "
                 "[amount=N]\""};
}

bool readNumber(const std::string& text, long low, long high, long& number) {
    const auto [end, trouble] = std::from_chars(text.data(), text.data() + text.size(), number);
    return trouble == std::errc() && end == text.data() + text.size() && number >= low && number <= high;
}

constexpr long longestMs = 3'600'000;

Result<PlannedFault> parseFault(const std::string& text, const std::string& name, std::size_t line) {
    PlannedFault fault;
    bool kindKnown = false;
    std::istringstream fields(text);
    std::string field;
    while (fields >> field) {
        const auto equals = field.find('=');
        if (equals == std::string::npos) return wrong(name, line, field, "is no key=value");
        const std::string key = field.substr(0, equals);
        const std::string value = field.substr(equals + 1);
        long number = 0;
        if (key == "fault") {
            const auto kind = faultKindOf(value);
            if (!kind) return wrong(name, line, field, "is no kind of fault");
            fault.kind = *kind;
            kindKnown = true;
        } else if (key == "host") {
            if (value != ownerHost && value != standbyHost && value != "alpha" && value != "beta" && value != "-")
                return wrong(name, line, field, "is not owner, standby, alpha, beta or -");
            fault.host = value;
        } else if (key == "link") {
            static const char* known[] = {"private", "public", "storage", allLinks, "array", "ledger", "erp"};
            if (std::find(std::begin(known), std::end(known), value) == std::end(known))
                return wrong(name, line, field, "is no link, LUN or group of the lab");
            fault.link = value;
        } else if (key == "at_ms" || key == "lasts_ms") {
            if (!readNumber(value, 0, longestMs, number)) return wrong(name, line, field, "is not 0 to 3600000");
            (key == "at_ms" ? fault.at : fault.lasts) = std::chrono::milliseconds(number);
        } else if (key == "amount") {
            if (!readNumber(value, -1'000'000, 1'000'000, fault.amount))
                return wrong(name, line, field, "is not a number within a million");
        } else {
            return wrong(name, line, field, "is no key");
        }
    }
    if (!kindKnown) return wrong(name, line, text, "has no fault=");
    return fault;
}

} // namespace

Plan drawPlan(std::uint64_t seed, unsigned minutes, const std::vector<FaultKind>& kinds) {
    const std::vector<FaultKind>& allowed = kinds.empty() ? allFaultKinds() : kinds;
    Dice dice(seed);
    Plan plan;
    const Duration whole = std::chrono::minutes(minutes);
    Duration used{0};
    while (used < whole && plan.episodes.size() < maxEpisodes) {
        Episode episode;
        const long dice100 = dice.between(1, 100);
        const int count = dice100 <= 72 ? 1 : dice100 <= 92 ? 2 : 3;
        for (int i = 0; i < count; ++i) {
            PlannedFault fault = drawFault(dice, drawKind(dice, allowed));
            if (i > 0) fault.at = dice.span(0, 3000);
            episode.faults.push_back(std::move(fault));
        }
        std::stable_sort(episode.faults.begin(), episode.faults.end(),
                         [](const auto& a, const auto& b) { return a.at < b.at; });
        used += endOf(episode) + episodeOverhead;
        plan.episodes.push_back(std::move(episode));
    }
    return plan;
}

std::string toText(const PlannedFault& fault) {
    const auto ms = [](Duration duration) {
        return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
    };
    std::string line = "at_ms=" + ms(fault.at) + " fault=" + toText(fault.kind) + " host=" + fault.host;
    if (fault.lasts != Duration(0)) line += " lasts_ms=" + ms(fault.lasts);
    if (!fault.link.empty()) line += " link=" + fault.link;
    if (fault.amount != 0) line += " amount=" + std::to_string(fault.amount);
    return line;
}

std::string toText(const Plan& plan) {
    std::string text;
    for (const auto& episode : plan.episodes) {
        text += "episode\n";
        for (const auto& fault : episode.faults)
            text += "  " + toText(fault) + "\n";
    }
    return text;
}

Result<Plan> parsePlan(const std::string& text, const std::string& name) {
    Plan plan;
    std::istringstream lines(text);
    std::string line;
    std::size_t number = 0;
    while (std::getline(lines, line)) {
        ++number;
        line = line.substr(0, line.find('#'));
        const auto first = line.find_first_not_of(" \t\r");
        if (first == std::string::npos) continue;
        line = line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
        if (line == "episode") {
            if (plan.episodes.size() >= maxEpisodes) return wrong(name, number, line, "is one too many");
            plan.episodes.emplace_back();
            continue;
        }
        if (plan.episodes.empty()) return wrong(name, number, line, "stands before the first \"episode\"");
        auto& faults = plan.episodes.back().faults;
        if (faults.size() >= maxFaultsPerEpisode) return wrong(name, number, line, "is one fault too many");
        auto fault = parseFault(line, name, number);
        if (!fault) return fault.error();
        faults.push_back(fault.value());
    }
    if (plan.episodes.empty()) return wrong(name, number, "", "the file has no episode");
    return plan;
}

} // namespace dyad::lab
