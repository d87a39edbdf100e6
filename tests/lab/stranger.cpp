// SPDX-License-Identifier: Apache-2.0
#include "lab/stranger.h"

#include "lab/array.h"
#include "lab/namespaces.h"

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>
#include <string>

namespace dyad::lab {
namespace {

constexpr int seconds = 5;
constexpr int attempts = 3; // a unit attention only tells of something earlier

bool reserveOut(iscsi_context* context, unsigned lun, int action, std::uint64_t key, std::uint64_t newKey) {
    scsi_persistent_reserve_out_basic parameters{};
    parameters.reservation_key = key;
    parameters.service_action_reservation_key = newKey;
    for (int again = 0; again < attempts; ++again) {
        scsi_task* task =
            iscsi_persistent_reserve_out_sync(context, static_cast<int>(lun), action, SCSI_PERSISTENT_RESERVE_SCOPE_LU,
                                              SCSI_PERSISTENT_RESERVE_TYPE_WRITE_EXCLUSIVE, &parameters);
        const bool good = task && task->status == SCSI_STATUS_GOOD;
        if (task) scsi_free_scsi_task(task);
        if (good) return true;
    }
    return false;
}

bool doIn(iscsi_context* context, StrangerDeed deed, unsigned lun) {
    if (!reserveOut(context, lun, SCSI_PERSISTENT_RESERVE_REGISTER_AND_IGNORE_EXISTING_KEY, 0, strangeKey))
        return false;
    switch (deed) {
    case StrangerDeed::Register: return true;
    case StrangerDeed::Reserve: return reserveOut(context, lun, SCSI_PERSISTENT_RESERVE_RESERVE, strangeKey, 0);
    case StrangerDeed::Clear: return reserveOut(context, lun, SCSI_PERSISTENT_RESERVE_CLEAR, strangeKey, 0);
    }
    return false;
}

} // namespace

bool strangerDoes(StrangerDeed deed, unsigned lun) {
    bool good = false;
    [[maybe_unused]] const auto inside = insideNetwork("array", [&] {
        iscsi_context* context = iscsi_create_context("iqn.2026-11.example:a-stranger");
        iscsi_set_noautoreconnect(context, 1);
        iscsi_set_targetname(context, targetName);
        iscsi_set_session_type(context, ISCSI_SESSION_NORMAL);
        iscsi_set_timeout(context, seconds);
        const std::string portal = std::string(arrayAddress) + ":3260";
        good = iscsi_full_connect_sync(context, portal.c_str(), static_cast<int>(lun)) == 0 && doIn(context, deed, lun);
        iscsi_destroy_context(context);
    });
    return good;
}

} // namespace dyad::lab
