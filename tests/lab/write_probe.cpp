// SPDX-License-Identifier: Apache-2.0
#include "lab/write_probe.h"

#include "lab/array.h"
#include "lab/namespaces.h"
#include "lab/network.h"

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

#include <cstdio>
#include <memory>
#include <vector>

namespace dyad::lab {

namespace {

constexpr int patienceSeconds = 3;

struct SessionEnd {
    void operator()(iscsi_context* context) const {
        if (iscsi_is_logged_in(context) != 0) iscsi_logout_sync(context);
        iscsi_destroy_context(context);
    }
};
struct TaskEnd {
    void operator()(scsi_task* task) const { scsi_free_scsi_task(task); }
};
using Task = std::unique_ptr<scsi_task, TaskEnd>;

// A unit attention only says that something happened before: the command is given once more.
template <typename Command>
Task give(Command command) {
    Task task(command());
    for (int again = 0; again < 3 && task && task->status == SCSI_STATUS_CHECK_CONDITION &&
                        task->sense.key == SCSI_SENSE_UNIT_ATTENTION;
         ++again)
        task.reset(command());
    return task;
}

std::string describeStatus(const scsi_task& task) {
    char text[96];
    std::snprintf(text, sizeof text, "status 0x%02x, sense %x/%04x", static_cast<unsigned>(task.status),
                  static_cast<unsigned>(task.sense.key), static_cast<unsigned>(task.sense.ascq));
    return text;
}

WriteProbe tryWrite(unsigned lunNumber) {
    const auto lun = static_cast<int>(lunNumber);
    std::unique_ptr<iscsi_context, SessionEnd> context(iscsi_create_context("iqn.2026-11.example:lab-write-probe"));
    if (!context) return {WriteProbe::Answer::NoPath, "no context"};
    iscsi_set_noautoreconnect(context.get(), 1);
    iscsi_set_targetname(context.get(), targetName);
    iscsi_set_session_type(context.get(), ISCSI_SESSION_NORMAL);
    iscsi_set_timeout(context.get(), patienceSeconds);
    const std::string portal = std::string(arrayAddress) + ":3260";
    if (iscsi_full_connect_sync(context.get(), portal.c_str(), lun) != 0)
        return {WriteProbe::Answer::NoPath, iscsi_get_error(context.get())};

    const Task capacity = give([&] { return iscsi_readcapacity16_sync(context.get(), lun); });
    if (!capacity || capacity->status != SCSI_STATUS_GOOD) return {WriteProbe::Answer::NoPath, "no capacity"};
    const auto* told = static_cast<scsi_readcapacity16*>(scsi_datain_unmarshall(capacity.get()));
    if (told == nullptr) return {WriteProbe::Answer::NoPath, "capacity not understood"};
    const std::uint64_t lastBlock = told->returned_lba;
    const std::uint32_t blockBytes = told->block_length;

    const Task reading = give([&] {
        return iscsi_read16_sync(context.get(), lun, lastBlock, blockBytes, static_cast<int>(blockBytes), 0, 0, 0, 0,
                                 0);
    });
    if (!reading || reading->status != SCSI_STATUS_GOOD || reading->datain.size < static_cast<int>(blockBytes))
        return {WriteProbe::Answer::NoPath, "the block can't be read"};
    std::vector<unsigned char> content(reading->datain.data, reading->datain.data + blockBytes);
    const Task writing = give([&] {
        return iscsi_write16_sync(context.get(), lun, lastBlock, content.data(), blockBytes,
                                  static_cast<int>(blockBytes), 0, 0, 0, 0, 0);
    });
    if (!writing) return {WriteProbe::Answer::NoPath, iscsi_get_error(context.get())};
    if (writing->status == SCSI_STATUS_RESERVATION_CONFLICT)
        return {WriteProbe::Answer::Refused, describeStatus(*writing)};
    if (writing->status == SCSI_STATUS_GOOD) return {WriteProbe::Answer::Accepted, describeStatus(*writing)};
    return {WriteProbe::Answer::NoPath, describeStatus(*writing)};
}

} // namespace

WriteProbe probeWrite(const std::string& network, unsigned lun) {
    WriteProbe probe;
    auto inside = insideNetwork(network, [&] { probe = tryWrite(lun); });
    if (!inside) probe.detail = inside.error().text();
    return probe;
}

} // namespace dyad::lab
