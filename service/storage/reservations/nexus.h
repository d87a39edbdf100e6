// SPDX-License-Identifier: Apache-2.0
// One I_T nexus: one login of this initiator at the array. Registrations belong to it, data goes down it, and when it
// is gone the next login is another nexus. Real: lun/iscsi_session. For tests: a nexus of the fake array.
#pragma once

#include "base/time.h"
#include "storage/reservations/scsi_reply.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dyad::storage {

inline constexpr std::size_t maxTransferBytes = 1024 * 1024;

struct ScsiCommand {
    std::array<std::uint8_t, 16> cdb{};
    std::size_t cdbLength = 0;         // 6, 10, 12 or 16
    std::vector<std::uint8_t> dataOut; // parameter list, or empty
    std::size_t dataInLength = 0;      // allocation length, or 0
};

struct ScsiReply {
    enum class Delivery : std::uint8_t {
        Answered, // status (and sense) are the logical unit's
        NoPath,   // the session broke: the command may or may not have been carried out
        Late,     // no answer by the deadline: the same, and the session is given up
    };
    Delivery delivery = Delivery::NoPath;
    ScsiStatus status = ScsiStatus::Good;
    Sense sense;                    // with CheckCondition
    std::vector<std::uint8_t> data; // what came in
    Instant sentAt;
    std::string why; // of NoPath and Late, in words

    [[nodiscard]] bool answered() const { return delivery == Delivery::Answered; }
    [[nodiscard]] bool good() const { return answered() && status == ScsiStatus::Good; }
    [[nodiscard]] bool conflict() const { return answered() && status == ScsiStatus::ReservationConflict; }
    [[nodiscard]] bool checkCondition() const { return answered() && status == ScsiStatus::CheckCondition; }
};
[[nodiscard]] std::string toText(const ScsiReply& reply);

// Reading, writing and flushing. Shared, because the bytes must stay in place until the array is done with them, even
// when whoever asked has long been answered.
struct DataTransfer {
    enum class Kind : std::uint8_t { Read, Write, Flush };
    Kind kind = Kind::Read;
    std::uint64_t offset = 0;        // bytes; a multiple of the block size
    std::vector<std::uint8_t> bytes; // Write: the data; Read: as long as what is wanted; at most maxTransferBytes
};

class Nexus {
public:
    using Done = std::function<void(ScsiReply)>;
    virtual ~Nexus() = default;

    // None blocks. `done` is called once, perhaps from within the call, by the deadline at the latest. A command that
    // is Late ends the nexus: nothing that was sent over it before can arrive after what is sent over the next one, but
    // what has reached the array may still be in flight there (so: the barrier).
    virtual void execute(ScsiCommand command, Instant deadline, Done done) = 0;
    virtual void transfer(std::shared_ptr<DataTransfer> transfer, Done done) = 0; // has a deadline of its own
    // LOGICAL UNIT RESET (SAM-5 7.7). Good: nothing of any nexus is in flight in the logical unit any more.
    // A function that is rejected comes as CheckCondition with ILLEGAL REQUEST.
    virtual void resetLun(Instant deadline, Done done) = 0;
    virtual void pause(Duration duration, std::function<void()> done) = 0;
    // Ends the nexus, from the event loop and not from within this call: what was sent over it and hasn't reached the
    // array yet stays away for good. A next login follows by itself.
    virtual void giveUp(const std::string& why) = 0;
    [[nodiscard]] virtual Instant now() const = 0;
};

} // namespace dyad::storage
