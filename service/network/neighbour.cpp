// SPDX-License-Identifier: Apache-2.0
#include "network/neighbour.h"

#include <algorithm>

namespace dyad::network {
namespace {

constexpr std::uint8_t nextHeaderIcmp6 = 58;
constexpr std::uint8_t hopLimit = 255; // proves that the packet comes from this link
constexpr std::uint8_t typeSolicitation = 135;
constexpr std::uint8_t typeAdvertisement = 136;
constexpr std::uint8_t optionSourceHardware = 1;
constexpr std::uint8_t optionTargetHardware = 2;
constexpr std::uint32_t flagOverride = 0x20000000;

// Offsets from the start of the frame.
constexpr std::size_t atIp = ethernetHeaderBytes;
constexpr std::size_t atPayloadLength = atIp + 4;
constexpr std::size_t atNextHeader = atIp + 6;
constexpr std::size_t atHopLimit = atIp + 7;
constexpr std::size_t atSource = atIp + 8;
constexpr std::size_t atDestination = atIp + 24;
constexpr std::size_t atIcmp = atIp + ipv6HeaderBytes;
constexpr std::size_t atCode = atIcmp + 1;
constexpr std::size_t atChecksum = atIcmp + 2;
constexpr std::size_t atFlags = atIcmp + 4;
constexpr std::size_t atTarget = atIcmp + 8;
constexpr std::size_t atOption = atIcmp + 24;

constexpr IpAddress allNodes{true, {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

void putPacket(std::span<std::uint8_t> frame, const HardwareAddress& own, const IpAddress& from, const IpAddress& to,
               std::uint8_t type, const IpAddress& target) {
    putEthernetHeader(frame, hardwareGroup(to), own, etherTypeIpv6);
    frame[atIp] = 0x60;
    storeBig(frame.subspan(atPayloadLength), static_cast<std::uint16_t>(frame.size() - atIcmp));
    frame[atNextHeader] = nextHeaderIcmp6;
    frame[atHopLimit] = hopLimit;
    const auto put = [&](std::size_t at, const IpAddress& address) {
        std::copy(address.bytes.begin(), address.bytes.end(), frame.begin() + static_cast<std::ptrdiff_t>(at));
    };
    put(atSource, from);
    put(atDestination, to);
    frame[atIcmp] = type;
    put(atTarget, target);
}

void putChecksum(std::span<std::uint8_t> frame) {
    storeBig(frame.subspan(atChecksum), icmp6Checksum(frame.subspan(atIp)));
}

} // namespace

std::uint16_t icmp6Checksum(std::span<const std::uint8_t> packet) {
    const std::span<const std::uint8_t> payload = packet.subspan(ipv6HeaderBytes);
    std::uint32_t sum = static_cast<std::uint32_t>(payload.size()) + nextHeaderIcmp6;
    const auto add = [&sum](std::span<const std::uint8_t> bytes) {
        for (std::size_t i = 0; i < bytes.size(); ++i)
            sum += std::uint32_t{bytes[i]} << (i % 2 == 0 ? 8 : 0);
    };
    add(packet.subspan(8, 32)); // source and destination
    add(payload);
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

IpAddress solicitedNodeGroup(const IpAddress& address) {
    IpAddress group{true, {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0}};
    std::copy(address.bytes.begin() + 13, address.bytes.end(), group.bytes.begin() + 13);
    return group;
}

HardwareAddress hardwareGroup(const IpAddress& group) {
    return {0x33, 0x33, group.bytes[12], group.bytes[13], group.bytes[14], group.bytes[15]};
}

NeighbourAdvertisement unsolicitedAdvertisement(const HardwareAddress& own, const IpAddress& address) {
    NeighbourAdvertisement frame{};
    const std::span<std::uint8_t> bytes(frame);
    putPacket(bytes, own, address, allNodes, typeAdvertisement, address);
    storeBig(bytes.subspan(atFlags), flagOverride);
    frame[atOption] = optionTargetHardware;
    frame[atOption + 1] = 1; // in units of 8 bytes
    std::copy(own.begin(), own.end(), frame.begin() + atOption + 2);
    putChecksum(bytes);
    return frame;
}

NeighbourSolicitation duplicateSolicitation(const HardwareAddress& own, const IpAddress& address) {
    NeighbourSolicitation frame{};
    const std::span<std::uint8_t> bytes(frame);
    IpAddress unspecified;
    unspecified.six = true;
    putPacket(bytes, own, unspecified, solicitedNodeGroup(address), typeSolicitation, address);
    putChecksum(bytes);
    return frame;
}

NeighbourAdvertisement neighbourQuestion(const HardwareAddress& own, const IpAddress& source,
                                         const IpAddress& address) {
    NeighbourAdvertisement frame{}; // as long as one: the option is the asker's own hardware address
    const std::span<std::uint8_t> bytes(frame);
    putPacket(bytes, own, source, solicitedNodeGroup(address), typeSolicitation, address);
    frame[atOption] = optionSourceHardware;
    frame[atOption + 1] = 1;
    std::copy(own.begin(), own.end(), frame.begin() + atOption + 2);
    putChecksum(bytes);
    return frame;
}

namespace {

struct NeighbourPacket {
    HardwareAddress sender{};
    std::uint8_t type = 0;
    bool fromNowhere = false; // RFC 4862 5.4.3: it only asks whether somebody has the target
    bool fromAddress = false; // its source is the address in question
    bool targetsAddress = false;
};

std::optional<NeighbourPacket> read(std::span<const std::uint8_t> frame, const HardwareAddress& own,
                                    const IpAddress& address) {
    if (frame.size() < atOption || loadBig<std::uint16_t>(frame.subspan(12)) != etherTypeIpv6 ||
        frame[atNextHeader] != nextHeaderIcmp6 || frame[atHopLimit] != hopLimit || frame[atCode] != 0)
        return {};
    const std::size_t payload = loadBig<std::uint16_t>(frame.subspan(atPayloadLength));
    if (payload < atOption - atIcmp || atIcmp + payload > frame.size()) return {};
    // The sum over a packet with its checksum in place comes out as zero.
    if (icmp6Checksum(frame.subspan(atIp, ipv6HeaderBytes + payload)) != 0) return {};
    NeighbourPacket packet;
    std::copy_n(frame.begin() + 6, packet.sender.size(), packet.sender.begin());
    if (packet.sender == own) return {};
    const auto same = [&](std::size_t at) {
        return std::equal(address.bytes.begin(), address.bytes.end(), frame.begin() + static_cast<std::ptrdiff_t>(at));
    };
    const auto source = frame.subspan(atSource, 16);
    packet.type = frame[atIcmp];
    packet.fromNowhere = std::all_of(source.begin(), source.end(), [](std::uint8_t byte) { return byte == 0; });
    packet.fromAddress = same(atSource);
    packet.targetsAddress = same(atTarget);
    return packet;
}

} // namespace

std::optional<HardwareAddress> neighbourClaim(std::span<const std::uint8_t> frame, const HardwareAddress& own,
                                              const IpAddress& address) {
    const std::optional<NeighbourPacket> packet = read(frame, own, address);
    if (!packet) return {};
    if (packet->type == typeAdvertisement && packet->targetsAddress) return packet->sender;
    if (packet->type == typeSolicitation && packet->fromAddress) return packet->sender;
    return {};
}

std::optional<HardwareAddress> neighbourConflict(std::span<const std::uint8_t> frame, const HardwareAddress& own,
                                                 const IpAddress& address) {
    const std::optional<NeighbourPacket> packet = read(frame, own, address);
    if (!packet || !packet->targetsAddress) return {};
    if (packet->type == typeAdvertisement) return packet->sender;
    if (packet->type == typeSolicitation && packet->fromNowhere) return packet->sender;
    return {};
}

} // namespace dyad::network
