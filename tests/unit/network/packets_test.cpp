// SPDX-License-Identifier: Apache-2.0
// Packets byte by byte against the RFCs' drawings, and what is read out of broken ones.
#include <QTest>
#include <array>
#include <sys/socket.h>

#include "network/address_defence.h"
#include "network/announcer.h"
#include "network/arp.h"
#include "network/echo.h"
#include "network/neighbour.h"
#include "network/packet_filter.h"
#include "platform/linux/file_descriptor.h"

using namespace dyad;
using namespace dyad::network;

namespace {

const HardwareAddress own{0x02, 0, 0, 0, 0, 0x0a};
const HardwareAddress other{0x02, 0, 0, 0, 0, 0x0b};

IpAddress ip(const char* text) { return parseIpAddress(text).value(); }

template <typename Bytes>
QByteArray hex(const Bytes& bytes) {
    return QByteArray(reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size())).toHex();
}

// What a kernel sends that has something to say from `from` to `to` and doesn't know its hardware address.
ArpFrame arpQuestion(const HardwareAddress& sender, const IpAddress& from, const IpAddress& to) {
    ArpFrame frame = arpProbe(sender, to);
    std::copy_n(from.bytes.begin(), 4, frame.begin() + 28);
    return frame;
}
NeighbourSolicitation solicitationFrom(const HardwareAddress& sender, const IpAddress& from, const IpAddress& to) {
    NeighbourSolicitation frame = duplicateSolicitation(sender, to);
    const std::span<std::uint8_t> bytes(frame);
    std::copy(from.bytes.begin(), from.bytes.end(), frame.begin() + 22);
    storeBig(bytes.subspan(56), std::uint16_t{0});
    storeBig(bytes.subspan(56), icmp6Checksum(bytes.subspan(14)));
    return frame;
}

// Whether the kernel's filter for `address` lets the frame through; any socket will do to ask it.
bool passes(const IpAddress& address, std::span<const std::uint8_t> frame) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) qFatal("no socket pair");
    const platform::FileDescriptor in(ends[0]);
    const platform::FileDescriptor out(ends[1]);
    std::vector<sock_filter> code = claimFilter(own, address);
    sock_fprog program{};
    program.len = static_cast<unsigned short>(code.size());
    program.filter = code.data();
    if (::setsockopt(out.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
        qFatal("the kernel refuses the filter");
    (void)::send(in.get(), frame.data(), frame.size(), MSG_NOSIGNAL);
    std::array<std::uint8_t, 256> buffer{};
    const ssize_t count = ::recv(out.get(), buffer.data(), buffer.size(), 0);
    return count == static_cast<ssize_t>(frame.size());
}

} // namespace

class PacketsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void addresses() {
        QCOMPARE(ip("10.77.0.5").text(), std::string("10.77.0.5"));
        QCOMPARE(ip("FD00::0:5").text(), std::string("fd00::5"));
        for (const char* bad : {"", "10.1", "10.0.0.256", "host", "10.0.0.1/24", "fe80::1%eth0", "::g"})
            QVERIFY2(!parseIpAddress(bad).ok(), bad);
        QVERIFY(ip("10.77.0.5").sameSubnet(ip("10.77.0.200"), 24));
        QVERIFY(!ip("10.77.0.5").sameSubnet(ip("10.77.1.5"), 24));
        QVERIFY(ip("10.77.0.5").sameSubnet(ip("10.77.1.5"), 23));
        QVERIFY(!ip("10.77.0.5").sameSubnet(ip("::"), 0));
        QVERIFY(!ip("10.77.0.5").sameSubnet(ip("10.77.0.5"), 33));
        QCOMPARE(toText(own), std::string("02:00:00:00:00:0a"));
    }

    void arpLayout() {
        //                 to           from         type hrd  pro  hl pl op   sender hw    sender   target hw    target
        QCOMPARE(hex(arpAnnouncement(own, ip("10.77.0.5"))), QByteArray("ffffffffffff"
                                                                        "02000000000a"
                                                                        "0806"
                                                                        "0001"
                                                                        "0800"
                                                                        "06"
                                                                        "04"
                                                                        "0001"
                                                                        "02000000000a"
                                                                        "0a4d0005"
                                                                        "000000000000"
                                                                        "0a4d0005"));
        QCOMPARE(hex(arpAnnouncementReply(own, ip("10.77.0.5"))), QByteArray("ffffffffffff"
                                                                             "02000000000a"
                                                                             "0806"
                                                                             "0001"
                                                                             "0800"
                                                                             "06"
                                                                             "04"
                                                                             "0002"
                                                                             "02000000000a"
                                                                             "0a4d0005"
                                                                             "ffffffffffff"
                                                                             "0a4d0005"));
        QCOMPARE(hex(arpProbe(own, ip("10.77.0.5"))), QByteArray("ffffffffffff"
                                                                 "02000000000a"
                                                                 "0806"
                                                                 "0001"
                                                                 "0800"
                                                                 "06"
                                                                 "04"
                                                                 "0001"
                                                                 "02000000000a"
                                                                 "00000000"
                                                                 "000000000000"
                                                                 "0a4d0005"));
    }

    void arpConflicts() {
        const IpAddress address = ip("10.77.0.5");
        QVERIFY(arpConflict(arpAnnouncement(other, address), own, address) == other);
        QVERIFY(arpConflict(arpAnnouncementReply(other, address), own, address) == other);
        QVERIFY(arpConflict(arpProbe(other, address), own, address) == other); // it wants it at the same time
        QVERIFY(!arpConflict(arpProbe(own, address), own, address));           // our own, back from a switch
        QVERIFY(!arpConflict(arpAnnouncement(other, ip("10.77.0.6")), own, address));
        // Somebody who merely asks for the address, from one of his own, is no conflict.
        ArpFrame question = arpProbe(other, address);
        question[31] = 9;
        QVERIFY(!arpConflict(question, own, address));
        // Cut short, other protocol, other hardware: nothing is read.
        const ArpFrame whole = arpAnnouncement(other, address);
        for (std::size_t size = 0; size < whole.size(); ++size)
            QVERIFY(!arpConflict(std::span(whole).first(size), own, address));
        for (const std::size_t at : {12U, 14U, 16U, 18U, 19U}) {
            ArpFrame broken = whole;
            broken[at] ^= 0x40;
            QVERIFY(!arpConflict(broken, own, address));
        }
    }

    void arpClaims() {
        const IpAddress address = ip("10.77.0.5");
        QVERIFY(arpClaim(arpAnnouncement(other, address), own, address) == other);
        QVERIFY(arpClaim(arpAnnouncementReply(other, address), own, address) == other);
        QVERIFY(!arpClaim(arpAnnouncement(own, address), own, address));
        QVERIFY(!arpClaim(arpProbe(other, address), own, address)); // it only asks, and is answered by the kernel
        QVERIFY(!arpClaim(arpAnnouncement(other, ip("10.77.0.6")), own, address));
        // Asks for a third host in the name of the address: who hears that learns where the address is.
        QVERIFY(arpClaim(arpQuestion(other, address, ip("10.77.0.9")), own, address) == other);
        QVERIFY(!arpClaim(arpQuestion(other, ip("10.77.0.9"), address), own, address));
    }

    void neighbourClaims() {
        const IpAddress address = ip("fd00::5");
        QVERIFY(neighbourClaim(unsolicitedAdvertisement(other, address), own, address) == other);
        QVERIFY(!neighbourClaim(unsolicitedAdvertisement(own, address), own, address));
        QVERIFY(!neighbourClaim(unsolicitedAdvertisement(other, ip("fd00::6")), own, address));
        QVERIFY(!neighbourClaim(duplicateSolicitation(other, address), own, address)); // it only asks
        QVERIFY(neighbourClaim(solicitationFrom(other, address, ip("fd00::9")), own, address) == other);
        QVERIFY(!neighbourClaim(solicitationFrom(other, ip("fd00::9"), address), own, address));
    }

    // The kernel must let through what is a claim, and should keep the rest to itself.
    void filterLetsClaimsThrough() {
        const IpAddress four = ip("10.77.0.5");
        const IpAddress six = ip("fd00::2:5");
        const HardwareAddress nearlyOwn{own[0], own[1], own[2], own[3], own[4], 0x0c};
        const HardwareAddress farFromOwn{0x06, own[1], own[2], own[3], own[4], own[5]};
        for (const HardwareAddress& sender : {other, nearlyOwn, farFromOwn}) {
            QVERIFY(passes(four, arpAnnouncement(sender, four)));
            QVERIFY(passes(four, arpAnnouncementReply(sender, four)));
            QVERIFY(passes(four, arpQuestion(sender, four, ip("10.77.0.9"))));
            QVERIFY(passes(six, unsolicitedAdvertisement(sender, six)));
            QVERIFY(passes(six, solicitationFrom(sender, six, ip("fd00::9"))));
        }
        QVERIFY(!passes(four, arpAnnouncement(own, four)));
        QVERIFY(!passes(four, arpProbe(other, four)));
        QVERIFY(!passes(four, arpAnnouncement(other, ip("10.77.0.6"))));
        QVERIFY(!passes(four, arpQuestion(other, ip("10.77.0.9"), four)));
        QVERIFY(!passes(four, unsolicitedAdvertisement(other, six)));
        QVERIFY(!passes(six, unsolicitedAdvertisement(own, six)));
        QVERIFY(!passes(six, solicitationFrom(own, six, ip("fd00::9"))));
        QVERIFY(!passes(six, solicitationFrom(other, ip("fd00::9"), six)));
        QVERIFY(!passes(six, duplicateSolicitation(other, six)));
        QVERIFY(!passes(six, arpAnnouncement(other, four)));
        for (std::size_t word = 0; word < 4; ++word) {
            IpAddress near = six;
            near.bytes[word * 4 + 3] ^= 1;
            QVERIFY(!passes(six, unsolicitedAdvertisement(other, near)));
            QVERIFY(!passes(six, solicitationFrom(other, near, ip("fd00::9"))));
        }
        const ArpFrame whole = arpAnnouncement(other, four);
        for (std::size_t size = 1; size < 28 + 4; ++size)
            QVERIFY(!passes(four, std::span(whole).first(size)));
    }

    void advertisementLayout() {
        const NeighbourAdvertisement frame = unsolicitedAdvertisement(own, ip("fd00::5"));
        QCOMPARE(hex(std::span(frame).first(14)), QByteArray("333300000001"
                                                             "02000000000a"
                                                             "86dd"));
        QCOMPARE(hex(std::span(frame).subspan(14, 8)), QByteArray("60000000"
                                                                  "0020"
                                                                  "3a"
                                                                  "ff"));
        QCOMPARE(hex(std::span(frame).subspan(22, 32)), QByteArray("fd000000000000000000000000000005"
                                                                   "ff020000000000000000000000000001"));
        // type 136, code 0, checksum, flags: override only; target; option 2 (target link-layer address), length 1
        QCOMPARE(hex(std::span(frame).subspan(54, 2)), QByteArray("8800"));
        QCOMPARE(hex(std::span(frame).subspan(58, 4)), QByteArray("20000000"));
        QCOMPARE(hex(std::span(frame).subspan(62)), QByteArray("fd000000000000000000000000000005"
                                                               "0201"
                                                               "02000000000a"));
        QCOMPARE(icmp6Checksum(std::span(frame).subspan(14)), std::uint16_t{0});
    }

    void checksumByHand() {
        // fd00::5 to ff02::1, 32 bytes of ICMPv6: the sum of all 16-bit words, worked out independently.
        const NeighbourAdvertisement frame = unsolicitedAdvertisement(own, ip("fd00::5"));
        const std::uint32_t sum = 0xfd00 + 0x0005                      // source
                                  + 0xff02 + 0x0001                    // destination
                                  + 32 + 58                            // length, next header
                                  + 0x8800 + 0x2000                    // type and code, flags
                                  + 0xfd00 + 0x0005                    // target
                                  + 0x0201 + 0x0200 + 0x0000 + 0x000a; // option
        const std::uint16_t wanted = static_cast<std::uint16_t>(~((sum & 0xffff) + (sum >> 16)));
        QCOMPARE(loadBig<std::uint16_t>(std::span(frame).subspan(56)), wanted);
    }

    void solicitationLayout() {
        const NeighbourSolicitation frame = duplicateSolicitation(own, ip("fd00::12:3456"));
        QCOMPARE(hex(std::span(frame).first(14)), QByteArray("3333ff123456"
                                                             "02000000000a"
                                                             "86dd"));
        QCOMPARE(hex(std::span(frame).subspan(14, 8)), QByteArray("60000000"
                                                                  "0018"
                                                                  "3a"
                                                                  "ff"));
        QCOMPARE(hex(std::span(frame).subspan(22, 32)), QByteArray("00000000000000000000000000000000"
                                                                   "ff0200000000000000000001ff123456"));
        QCOMPARE(hex(std::span(frame).subspan(54, 2)), QByteArray("8700"));
        QCOMPARE(hex(std::span(frame).subspan(58)), QByteArray("00000000"
                                                               "fd000000000000000000000000123456"));
        QCOMPARE(icmp6Checksum(std::span(frame).subspan(14)), std::uint16_t{0});
    }

    void neighbourConflicts() {
        const IpAddress address = ip("fd00::5");
        const NeighbourAdvertisement whole = unsolicitedAdvertisement(other, address);
        QVERIFY(neighbourConflict(whole, own, address) == other);
        QVERIFY(neighbourConflict(duplicateSolicitation(other, address), own, address) == other);
        QVERIFY(!neighbourConflict(duplicateSolicitation(own, address), own, address));
        QVERIFY(!neighbourConflict(unsolicitedAdvertisement(other, ip("fd00::6")), own, address));
        for (std::size_t size = 0; size < whole.size(); ++size)
            QVERIFY(!neighbourConflict(std::span(whole).first(size), own, address));
        // Any bit turned over in the IPv6 addresses or the ICMPv6 message breaks the checksum.
        for (std::size_t at = 22; at < whole.size(); ++at) {
            NeighbourAdvertisement broken = whole;
            broken[at] ^= 0x10;
            QVERIFY2(!neighbourConflict(broken, own, address), std::to_string(at).c_str());
        }
        NeighbourAdvertisement fromAfar = whole;
        fromAfar[21] = 254; // a router has passed it on
        QVERIFY(!neighbourConflict(fromAfar, own, address));
        NeighbourAdvertisement lying = whole;
        lying[18] = 0xff; // says that it is longer than it is
        QVERIFY(!neighbourConflict(lying, own, address));
    }

    void echo() {
        const EchoIdentity identity{0x1234, 0x1122334455667788};
        const EchoMessage request = echoRequest(false, identity, 7);
        QCOMPARE(hex(std::span(request).first(2)), QByteArray("0800"));
        QCOMPARE(hex(std::span(request).subspan(4)), QByteArray("12340007"
                                                                "1122334455667788"));
        QCOMPARE(internetChecksum(request), std::uint16_t{0});
        // RFC 1071 section 3's worked example: the sum is ddf2.
        const std::array<std::uint8_t, 8> example{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
        QCOMPARE(internetChecksum(example), static_cast<std::uint16_t>(~0xddf2));

        std::vector<std::uint8_t> reply(20, 0);
        reply[0] = 0x45;
        EchoMessage message = request;
        message[0] = 0;
        message[2] = message[3] = 0;
        storeBig(std::span<std::uint8_t>(message).subspan(2), internetChecksum(message));
        reply.insert(reply.end(), message.begin(), message.end());
        QVERIFY(echoReply(false, identity, reply) == std::uint16_t{7});
        QVERIFY(!echoReply(false, {0x1234, 1}, reply)); // of another program with the same identifier
        for (std::size_t size = 0; size < reply.size(); ++size)
            QVERIFY(!echoReply(false, identity, std::span(reply).first(size)));
        reply[0] = 0x4f; // says that its header is longer than the packet
        QVERIFY(!echoReply(false, identity, reply));

        EchoMessage six = echoRequest(true, identity, 9);
        QCOMPARE(six[0], std::uint8_t{128});
        QVERIFY(!echoReply(true, identity, six)); // our own request
        six[0] = 129;
        QVERIFY(echoReply(true, identity, six) == std::uint16_t{9});
    }

    void defenceDistances() {
        QCOMPARE(defenceDistance(1), Duration(50ms));
        QCOMPARE(defenceDistance(2), Duration(100ms));
        QCOMPARE(defenceDistance(5), Duration(800ms));
        for (unsigned defences = 6; defences <= calmDefences; ++defences)
            QCOMPARE(defenceDistance(defences), Duration(1s));
        QCOMPARE(defenceDistance(calmDefences + 1), Duration(10s)); // RFC 5227 section 1.1, DEFEND_INTERVAL
    }

    void announcementDistances() {
        QCOMPARE(announcementDistance(1), Duration(25ms));
        QCOMPARE(announcementDistance(2), Duration(75ms));
        QCOMPARE(announcementDistance(4), Duration(675ms));
        for (unsigned sent = 5; sent < 200; ++sent)
            QCOMPARE(announcementDistance(sent), Duration(1s));
    }
};

QTEST_GUILESS_MAIN(PacketsTest)
#include "packets_test.moc"
