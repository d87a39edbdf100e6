// SPDX-License-Identifier: Apache-2.0
#include "plan.h"

#include "model/status.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace dyad::simulator {

namespace {

struct Option {
    const char* name;
    unsigned Options::*value;
    unsigned least;
    unsigned most;
};

constexpr std::array table{
    Option{"profile", &Options::profile, 0, 2},
    Option{"links", &Options::links, 1, 4},
    Option{"groups", &Options::groups, 1, 4},
    Option{"luns_per_group", &Options::lunsPerGroup, 0, 3},
    Option{"failback", &Options::failback, 0, 2},
    Option{"prefer_second", &Options::preferSecond, 0, 15},
    Option{"gateways", &Options::gateways, 0, 1},
    Option{"boot_together", &Options::bootTogether, 0, 1},
    Option{"preempt_and_abort", &Options::preemptAndAbort, 0, 1},
    Option{"registration_survives", &Options::registrationSurvives, 0, 1},
    Option{"reset_lands_writes", &Options::resetLandsWrites, 0, 1},
    Option{"keeps_keys", &Options::keepsKeys, 0, 1},
    Option{"no_reset", &Options::noReset, 0, 1},
    Option{"link_delay_us", &Options::linkDelayUs, 1, 1'000'000},
    Option{"link_jitter_us", &Options::linkJitterUs, 0, 1'000'000},
    Option{"array_delay_us", &Options::arrayDelayUs, 1, 1'000'000},
    Option{"array_jitter_us", &Options::arrayJitterUs, 0, 1'000'000},
    Option{"write_every_us", &Options::writeEveryUs, 1000, 10'000'000},
    Option{"start_us", &Options::startUs, 10, 10'000'000},
    Option{"rate_first", &Options::rateFirst, 0, 2000},
    Option{"rate_second", &Options::rateSecond, 0, 2000},
};

constexpr std::size_t maxFaults = 10'000;

Error bad(std::size_t line, const std::string& what, const std::string& remedy) {
    return {"read a plan", "line " + std::to_string(line), what, remedy};
}

template <typename Number>
bool parseNumber(std::string_view text, Number& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

Result<void> setOption(Plan& plan, std::size_t at, std::string_view name, std::string_view value) {
    if (name == "seed") {
        if (!parseNumber(value, plan.seed))
            return bad(at, "the seed is \"" + std::string(value) + "\"", "Write a whole number from 0");
        return {};
    }
    const auto option = std::find_if(table.begin(), table.end(), [&](const Option& each) { return name == each.name; });
    if (option == table.end())
        return bad(at, "there is no option \"" + std::string(name) + "\"", "tests/simulator/plan.h has them");
    unsigned number = 0;
    if (!parseNumber(value, number) || number < option->least || number > option->most)
        return bad(at, std::string(name) + " is \"" + std::string(value) + "\"",
                   "Write a whole number from " + std::to_string(option->least) + " to " +
                       std::to_string(option->most));
    plan.options.*(option->value) = number;
    return {};
}

} // namespace

std::string toText(const Plan& plan) {
    const Options defaults;
    std::string text = "seed=" + std::to_string(plan.seed) + "\n";
    for (const Option& each : table)
        if (plan.options.*(each.value) != defaults.*(each.value))
            text += std::string(each.name) + "=" + std::to_string(plan.options.*(each.value)) + "\n";
    for (const Fault& fault : plan.faults)
        text += toText(fault) + "\n";
    return text;
}

Result<Plan> planFromText(std::string_view text) {
    Plan plan;
    bool seed = false;
    for (std::size_t at = 1; !text.empty(); ++at) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        while (!line.empty() && (line.back() == ' ' || line.back() == '\r'))
            line.remove_suffix(1);
        if (line.empty() || line.front() == '#') continue;
        if (line.starts_with("fault ")) {
            const Result<Fault> fault = faultFromText(line);
            if (!fault) return bad(at, fault.error().cameBack, fault.error().remedy);
            if (plan.faults.size() == maxFaults) return bad(at, "more than 10000 faults", {});
            plan.faults.push_back(fault.value());
            continue;
        }
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos)
            return bad(at, "\"" + std::string(line) + "\" is neither name=value nor a fault", {});
        if (const Result<void> set = setOption(plan, at, line.substr(0, equals), line.substr(equals + 1)); !set)
            return set.error();
        seed = seed || line.starts_with("seed=");
    }
    if (!seed) return Error{"read a plan", {}, "it has no seed", "Write seed=N into its first line"};
    std::stable_sort(plan.faults.begin(), plan.faults.end(),
                     [](const Fault& a, const Fault& b) { return a.at < b.at; });
    return plan;
}

} // namespace dyad::simulator
