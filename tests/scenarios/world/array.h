// SPDX-License-Identifier: Apache-2.0
// The array of the virtual world: the persistent reservations of each LUN (SPC-4 5.12, Write Exclusive), as far as the
// meaning of model::ReservationCommand shows them. A command is carried out in one instant; its travel time is the
// host's affair. Each node has one nexus; a registration belongs to it and to the login it was made in.
#pragma once

#include "model/messages.h"

#include <optional>
#include <vector>

namespace dyad::world {

class Array {
public:
    explicit Array(std::size_t luns) : m_luns(luns) {}

    // The command of `node`, sent at `sent`.
    [[nodiscard]] model::ReservationAnswer carryOut(const model::ReservationRequest& request, model::NodeId node,
                                                    Instant sent);

    // A new login of the node: what it had registered stays listed, but nothing speaks through it any more.
    void newLogin(model::NodeId node, model::LunId lun);
    // The node shows through its new login that `claim` still holds; false: it doesn't.
    bool prove(model::NodeId node, model::LunId lun, model::ReservationKey claim);
    // Switched off and on: registrations are not kept (no APTPL), as stock targets do.
    void forgetEverything();
    // Somebody's key from before the world began, holding the reservation.
    void plant(model::LunId lun, model::ReservationKey key);
    // Commands other than Read are answered with Refused while this is set.
    void refuse(model::LunId lun, bool refusing) { m_luns[lun.value].refusing = refusing; }

    // This node's nexus holds the reservation: the array takes its writes and, with anyone else's, refuses them.
    [[nodiscard]] bool takesWritesOf(model::NodeId node, model::LunId lun) const;
    // A key of this boot of the node is registered beside somebody else's reservation, or beside nobody's.
    [[nodiscard]] bool standsBeside(model::LunId lun, std::uint16_t cluster, model::NodeId node,
                                    model::BootDigest boot) const;
    [[nodiscard]] model::ReservationSnapshot snapshot(model::LunId lun) const;
    [[nodiscard]] std::size_t luns() const { return m_luns.size(); }

private:
    struct Registration {
        model::ReservationKey key;
        model::NodeId node = model::NodeId::First;
        bool live = true; // of the node's present login
    };
    struct Lun {
        std::vector<Registration> registrations;
        std::optional<model::ReservationKey> holder;
        std::uint32_t generation = 0;
        bool refusing = false;
    };

    static void removeOthers(Lun& lun, model::ReservationKey than);
    static void place(Lun& lun, model::NodeId node, model::ReservationKey key);
    static bool live(const Lun& lun, model::NodeId node, model::ReservationKey key);
    model::ReservationOutcome change(Lun& lun, const model::ReservationRequest& request, model::NodeId node,
                                     std::string& detail);
    model::ReservationOutcome claim(Lun& lun, const model::ReservationRequest& request, model::NodeId node,
                                    std::string& detail);

    std::vector<Lun> m_luns;
};

} // namespace dyad::world
