// SPDX-License-Identifier: Apache-2.0
#include "lab/chaos/fault.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dyad::lab {

namespace {

constexpr std::array<std::pair<FaultKind, const char*>, 24> faultWords{{
    {FaultKind::PowerOff, "power_off"},
    {FaultKind::PowerOffBoth, "power_off_both"},
    {FaultKind::Shutdown, "shutdown"},
    {FaultKind::Freeze, "freeze"},
    {FaultKind::LinksCut, "links_cut"},
    {FaultKind::LinkCut, "link_cut"},
    {FaultKind::OneWay, "one_way"},
    {FaultKind::Loss, "loss"},
    {FaultKind::Delay, "delay"},
    {FaultKind::PublicPulled, "public_pulled"},
    {FaultKind::StoragePulled, "storage_pulled"},
    {FaultKind::ArrayStop, "array_stop"},
    {FaultKind::ArraySlow, "array_slow"},
    {FaultKind::KillService, "kill_service"},
    {FaultKind::KillHeart, "kill_heart"},
    {FaultKind::KillLun, "kill_lun"},
    {FaultKind::KillDatabase, "kill_database"},
    {FaultKind::HostDiskFull, "host_disk_full"},
    {FaultKind::LunFull, "lun_full"},
    {FaultKind::ClockJump, "clock_jump"},
    {FaultKind::Switchover, "switchover"},
    {FaultKind::Switchback, "switchback"},
    {FaultKind::Maintenance, "maintenance"},
    {FaultKind::ClearFailure, "clear_failure"},
}};

} // namespace

const std::vector<FaultKind>& allFaultKinds() {
    static const std::vector<FaultKind> kinds = [] {
        std::vector<FaultKind> list;
        for (const auto& [kind, word] : faultWords)
            list.push_back(kind);
        return list;
    }();
    return kinds;
}

const char* toText(FaultKind kind) {
    const auto found =
        std::find_if(faultWords.begin(), faultWords.end(), [&](const auto& each) { return each.first == kind; });
    return found == faultWords.end() ? "?" : found->second;
}

std::optional<FaultKind> faultKindOf(const std::string& word) {
    const auto found =
        std::find_if(faultWords.begin(), faultWords.end(), [&](const auto& each) { return each.second == word; });
    if (found == faultWords.end()) return std::nullopt;
    return found->first;
}

} // namespace dyad::lab
