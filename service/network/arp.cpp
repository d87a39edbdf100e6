// SPDX-License-Identifier: Apache-2.0
#include "network/arp.h"

namespace dyad::network {
namespace {

constexpr std::uint16_t hardwareEthernet = 1;
constexpr std::uint16_t protocolIpv4 = 0x0800;
constexpr std::uint16_t operationRequest = 1;
constexpr std::uint16_t operationReply = 2;
constexpr HardwareAddress nobody{};

// Offsets from the start of the frame; RFC 826's names in brackets.
constexpr std::size_t atHardwareType = 14;   // ar$hrd
constexpr std::size_t atProtocolType = 16;   // ar$pro
constexpr std::size_t atHardwareLength = 18; // ar$hln
constexpr std::size_t atProtocolLength = 19; // ar$pln
constexpr std::size_t atOperation = 20;      // ar$op
constexpr std::size_t atSenderHardware = 22; // ar$sha
constexpr std::size_t atSenderIp = 28;       // ar$spa
constexpr std::size_t atTargetHardware = 32; // ar$tha
constexpr std::size_t atTargetIp = 38;       // ar$tpa

ArpFrame make(std::uint16_t operation, const HardwareAddress& own, const IpAddress& sender,
              const HardwareAddress& target, const IpAddress& targetIp) {
    ArpFrame frame{};
    const std::span<std::uint8_t> bytes(frame);
    putEthernetHeader(bytes, everybody, own, etherTypeArp);
    storeBig(bytes.subspan(atHardwareType), hardwareEthernet);
    storeBig(bytes.subspan(atProtocolType), protocolIpv4);
    frame[atHardwareLength] = 6;
    frame[atProtocolLength] = 4;
    storeBig(bytes.subspan(atOperation), operation);
    std::copy(own.begin(), own.end(), frame.begin() + atSenderHardware);
    std::copy_n(sender.bytes.begin(), 4, frame.begin() + atSenderIp);
    std::copy(target.begin(), target.end(), frame.begin() + atTargetHardware);
    std::copy_n(targetIp.bytes.begin(), 4, frame.begin() + atTargetIp);
    return frame;
}

struct ArpPacket {
    HardwareAddress sender{};
    bool fromAddress = false;   // its sender IP address is the one in question
    bool probesAddress = false; // RFC 5227 section 1.1: a probe, which has no sender IP address, for it
};

std::optional<ArpPacket> read(std::span<const std::uint8_t> frame, const HardwareAddress& own,
                              const IpAddress& address) {
    if (frame.size() < ArpFrame{}.size() || loadBig<std::uint16_t>(frame.subspan(12)) != etherTypeArp ||
        loadBig<std::uint16_t>(frame.subspan(atHardwareType)) != hardwareEthernet ||
        loadBig<std::uint16_t>(frame.subspan(atProtocolType)) != protocolIpv4 || frame[atHardwareLength] != 6 ||
        frame[atProtocolLength] != 4)
        return {};
    ArpPacket packet;
    std::copy_n(frame.begin() + atSenderHardware, packet.sender.size(), packet.sender.begin());
    if (packet.sender == own) return {};
    const auto same = [&](std::size_t at) {
        return std::equal(address.bytes.begin(), address.bytes.begin() + 4,
                          frame.begin() + static_cast<std::ptrdiff_t>(at));
    };
    packet.fromAddress = same(atSenderIp);
    packet.probesAddress = loadBig<std::uint16_t>(frame.subspan(atOperation)) == operationRequest &&
                           loadBig<std::uint32_t>(frame.subspan(atSenderIp)) == 0 && same(atTargetIp);
    return packet;
}

} // namespace

ArpFrame arpAnnouncement(const HardwareAddress& own, const IpAddress& address) {
    return make(operationRequest, own, address, nobody, address);
}

ArpFrame arpAnnouncementReply(const HardwareAddress& own, const IpAddress& address) {
    return make(operationReply, own, address, everybody, address);
}

ArpFrame arpProbe(const HardwareAddress& own, const IpAddress& address) {
    return make(operationRequest, own, IpAddress{}, nobody, address);
}

std::optional<HardwareAddress> arpClaim(std::span<const std::uint8_t> frame, const HardwareAddress& own,
                                        const IpAddress& address) {
    const std::optional<ArpPacket> packet = read(frame, own, address);
    if (packet && packet->fromAddress) return packet->sender;
    return {};
}

std::optional<HardwareAddress> arpConflict(std::span<const std::uint8_t> frame, const HardwareAddress& own,
                                           const IpAddress& address) {
    const std::optional<ArpPacket> packet = read(frame, own, address);
    if (packet && (packet->fromAddress || packet->probesAddress)) return packet->sender;
    return {};
}

} // namespace dyad::network
