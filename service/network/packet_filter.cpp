// SPDX-License-Identifier: Apache-2.0
#include "network/packet_filter.h"

#include "network/ethernet.h"

namespace dyad::network {
namespace {

constexpr std::uint32_t wholeFrame = 0xffff;
// Offsets from the start of the frame: see arp.cpp and neighbour.cpp.
constexpr std::uint32_t atEtherType = 12;
constexpr std::uint32_t atFrameSender = 6;
constexpr std::uint32_t atArpSenderHardware = 22;
constexpr std::uint32_t atArpSenderIp = 28;
constexpr std::uint32_t atIp6NextHeader = 20;
constexpr std::uint32_t atIp6Source = 22;
constexpr std::uint32_t atIcmpType = 54;
constexpr std::uint32_t atIp6Target = 62;
constexpr std::uint32_t icmp6 = 58;
constexpr std::uint32_t solicitation = 135;
constexpr std::uint32_t advertisement = 136;

// Jumps are written with labels that are resolved at the end: a jump of BPF counts instructions.
class Program {
public:
    void load(std::uint16_t size, std::uint32_t at) {
        m_code.push_back(BPF_STMT(static_cast<std::uint16_t>(BPF_LD | size | BPF_ABS), at));
    }
    // Goes on where the value is `wanted`, else drops the frame.
    void need(std::uint32_t wanted) {
        m_toDrop.push_back(m_code.size());
        m_code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wanted, 0, 0));
    }
    // Skips the next `count` instructions where the value is `wanted`.
    void skipIf(std::uint32_t wanted, std::uint8_t count) {
        m_code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wanted, count, 0));
    }
    void needAddress(const IpAddress& address, std::uint32_t at) {
        for (std::size_t i = 0; i < address.used().size(); i += 4) {
            load(BPF_W, at + static_cast<std::uint32_t>(i));
            need(loadBig<std::uint32_t>(address.used().subspan(i)));
        }
    }
    // Goes on where the six bytes are not these.
    void needOther(const HardwareAddress& own, std::uint32_t at) {
        load(BPF_W, at);
        m_code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, loadBig<std::uint32_t>(own), 0, 2));
        load(BPF_H, at + 4);
        m_dropIf.push_back(m_code.size());
        m_code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                  loadBig<std::uint16_t>(std::span<const std::uint8_t>(own).subspan(4)), 0, 0));
    }
    void accept() { m_code.push_back(BPF_STMT(BPF_RET | BPF_K, wholeFrame)); }
    [[nodiscard]] std::vector<sock_filter> end() {
        const std::size_t drop = m_code.size();
        m_code.push_back(BPF_STMT(BPF_RET | BPF_K, 0));
        for (const std::size_t at : m_toDrop)
            m_code[at].jf = static_cast<std::uint8_t>(drop - at - 1);
        for (const std::size_t at : m_dropIf)
            m_code[at].jt = static_cast<std::uint8_t>(drop - at - 1);
        return std::move(m_code);
    }

private:
    std::vector<sock_filter> m_code;
    std::vector<std::size_t> m_toDrop; // jumps that end the program where their condition is false
    std::vector<std::size_t> m_dropIf; // and where it is true
};

std::vector<sock_filter> arpFilter(const HardwareAddress& own, const IpAddress& address) {
    Program program;
    program.load(BPF_H, atEtherType);
    program.need(etherTypeArp);
    program.needAddress(address, atArpSenderIp);
    program.needOther(own, atArpSenderHardware);
    program.accept();
    return program.end();
}

std::vector<sock_filter> neighbourFilter(const HardwareAddress& own, const IpAddress& address) {
    constexpr std::uint8_t addressCheck = 4 * 2 + 1; // instructions of needAddress() and accept()
    Program program;
    program.load(BPF_H, atEtherType);
    program.need(etherTypeIpv6);
    program.load(BPF_B, atIp6NextHeader);
    program.need(icmp6);
    program.needOther(own, atFrameSender);
    program.load(BPF_B, atIcmpType);
    program.skipIf(advertisement, 1 + addressCheck);
    program.need(solicitation);
    program.needAddress(address, atIp6Source);
    program.accept();
    program.needAddress(address, atIp6Target);
    program.accept();
    return program.end();
}

} // namespace

std::vector<sock_filter> claimFilter(const HardwareAddress& own, const IpAddress& address) {
    return address.six ? neighbourFilter(own, address) : arpFilter(own, address);
}

} // namespace dyad::network
