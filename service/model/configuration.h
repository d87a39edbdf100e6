// SPDX-License-Identifier: Apache-2.0
// dyad.toml after validation (config/ makes it). Everything here is complete and consistent: names are resolved to
// ids, defaults are filled in, every LUN belongs to one group at most.
#pragma once

#include "base/time.h"
#include "model/messages.h" // before `Probe` below: g++ 12 would take ResourceVerb::Probe for shadowing it
#include "model/names.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace dyad::model {

enum class Profile : std::uint8_t { Fast, Standard, Relaxed };

struct LinkEnd {
    // Numeric IPv4 or IPv6, "fe80::1%eth1" with a zone where link-local; of a serial line its device: "/dev/ttyS0".
    std::string address;

    bool operator==(const LinkEnd&) const = default;
};

// Heartbeats of the link go to a group instead of to the peer alone.
struct LinkMulticast {
    std::string group; // numeric
    unsigned ttl = 1;  // 1: they never leave the subnet

    bool operator==(const LinkMulticast&) const = default;
};

struct LinkSetup {
    std::string name; // "private", "public"
    LinkEnd ends[2];  // by indexOf(NodeId)
    unsigned priority = 50;                 // the lowest is the first choice for what the nodes ask of each other
    std::optional<LinkMulticast> multicast; // none: to the peer's address
    unsigned serialRate = 0;                // bits a second of a serial line (serial_line.h); 0: it has addresses

    [[nodiscard]] bool isSerial() const { return serialRate != 0; }
    bool operator==(const LinkSetup&) const = default;
};

struct NodeSetup {
    std::string name;

    bool operator==(const NodeSetup&) const = default;
};

struct LunSetup {
    std::string name;
    // iscsi://[user[%secret]@]portal[:port]/iqn/lun ; the secret is better kept in chapSecretFile
    std::string portal; // "10.77.2.9:3260", "[fd00::9]:3260"
    std::string target; // iqn
    std::uint16_t lun = 0;
    std::string chapUser;           // empty: no CHAP
    std::string chapSecretFile;     // 0600, one line
    std::uint64_t minimumBytes = 0; // smaller than this: refused

    bool operator==(const LunSetup&) const = default;
};

// How long to go on trying before the group moves, and how long before it stops for good.
struct RestartLadder {
    unsigned restarts = 2; // within the window, on this node; the next failure moves the group
    Duration window = 10min;
    Duration backoff = 1s; // before the second restart within the window, and twice as long before each later one

    static constexpr Duration longestBackoff = 1min;

    // The first restart is made at once: most failures are gone with it.
    [[nodiscard]] constexpr Duration delayBefore(unsigned restart) const {
        if (restart < 2) return Duration::zero();
        Duration delay = backoff;
        for (unsigned i = 2; i < restart && delay < longestBackoff; ++i)
            delay *= 2;
        return delay < longestBackoff ? delay : longestBackoff;
    }
    bool operator==(const RestartLadder&) const = default;
};

struct TcpProbe {
    std::string address;
    std::uint16_t port = 0;

    bool operator==(const TcpProbe&) const = default;
};
struct ScriptProbe {
    std::vector<std::string> command;

    bool operator==(const ScriptProbe&) const = default;
}; // exit 0 well, 1 failed, anything else: could not run the check
struct SqlProbe {
    std::string connection;
    std::string query;

    bool operator==(const SqlProbe&) const = default;
}; // libpq connection string
struct HttpProbe {
    std::string url;                     // http:// or https://
    std::optional<std::uint16_t> status; // none: 200 to 399
    std::string body;                    // stands somewhere in the first 64 KiB; empty: anything
    bool verify = true;                  // the certificate

    bool operator==(const HttpProbe&) const = default;
};
struct GreetingProbe {
    enum class Protocol : std::uint8_t { Smtp, Ftp };
    Protocol protocol = Protocol::Smtp;
    std::string address; // numeric
    std::uint16_t port = 0;

    bool operator==(const GreetingProbe&) const = default;
};
struct PingProbe {
    std::string address; // numeric

    bool operator==(const PingProbe&) const = default;
};
struct CarrierProbe {
    std::string interface;

    bool operator==(const CarrierProbe&) const = default;
};
struct DnsProbe {
    std::string server; // numeric
    std::uint16_t port = 53;
    std::string name;                      // lower case, without the last dot
    bool six = false;                      // asks for AAAA instead of A
    std::optional<std::uint8_t> code = 0;  // that the answer has (0 NOERROR, 3 NXDOMAIN); none: any answer is well
    std::string address;                   // numeric, among the answer's; empty: with NOERROR at least one

    bool operator==(const DnsProbe&) const = default;
};
struct DiskProbe {
    std::string path;     // write: a folder, in which a file of 4 KiB is written; else a file or device to read from
    bool write = true;    // and fdatasync; read: past the cache
    Duration limit = 1s;  // that takes longer: failed

    bool operator==(const DiskProbe&) const = default;
};
using Probe = std::variant<TcpProbe, ScriptProbe, SqlProbe, HttpProbe, GreetingProbe, PingProbe, CarrierProbe, DnsProbe,
                           DiskProbe>;

struct HealthCheck {
    Probe probe;
    Duration interval = 5s;
    Duration timeout = 3s;
    unsigned failures = 3; // before the resource counts as failed: in a row, or of the last `of` checks
    unsigned of = 0;       // 0: in a row
    std::string name;      // of a probe in a list; else empty

    bool operator==(const HealthCheck&) const = default;
};

struct FilesystemSettings {
    LunId lun;
    std::string mountPoint;
    std::string type;    // "ext4", "xfs"
    std::string options; // mount(8) words, comma separated; may be empty

    bool operator==(const FilesystemSettings&) const = default;
};

struct ProcessSettings {
    std::vector<std::string> command; // absolute program and arguments
    std::string user;                 // empty: root
    std::string workingDirectory;     // empty: /
    std::map<std::string, std::string> environment;
    std::optional<Probe> ready; // started only when it succeeds; none: started once the program runs
    std::optional<HealthCheck> health;
    int stopSignal = 15; // then SIGKILL when the stop time-out has passed

    bool operator==(const ProcessSettings&) const = default;
};

struct CommandSettings {
    std::vector<std::string> start;   // exit 0: started
    std::vector<std::string> stop;    // exit 0: stopped
    std::vector<std::string> monitor; // exit 0 running, 7 not running, 1 failed, else could not run; may be empty
    Duration interval = 10s;
    std::string user;
    bool lsb = false; // the monitor ends as an LSB init script's "status": 0 running, 1 to 3 not, else could not run

    bool operator==(const CommandSettings&) const = default;
};

// An agent by the OCF Resource Agent API, unmodified: type = "ocf:PROVIDER:AGENT".
struct OcfSettings {
    std::string provider;
    std::string agent;
    std::map<std::string, std::string> parameters; // OCF_RESKEY_...
    Duration interval = 10s;                       // between two monitors
    Duration monitorTimeout = 30s;
    unsigned checkLevel = 0; // how deep the monitor looks: OCF_CHECK_LEVEL

    bool operator==(const OcfSettings&) const = default;
};

// How deep a database is asked how it is.
enum class CheckDepth : std::uint8_t {
    Port,   // its port lets connections in
    Select, // it answers a query
    Write,  // it stores a row: notices one that has become read-only, or whose filesystem is full
};

struct PostgresqlSettings {
    std::string dataDirectory; // on the group's filesystem
    std::string binaryDirectory = "/usr/lib/postgresql/15/bin";
    std::string user = "postgres";
    std::uint16_t port = 5432;
    std::string socketDirectory = "/run/postgresql";
    std::vector<std::string> options; // further "-c name=value"
    std::string probeDatabase = "postgres";
    HealthCheck health{SqlProbe{}, 5s, 3s, 3}; // a SqlProbe without connection is the check by `check`
    CheckDepth check = CheckDepth::Select;

    bool operator==(const PostgresqlSettings&) const = default;
};

struct MariadbSettings {
    std::string dataDirectory; // on the group's filesystem
    std::string program = "/usr/sbin/mariadbd";
    std::string defaultsFile; // empty: none is read
    std::string user = "mysql";
    std::uint16_t port = 3306;
    std::string bindAddress = "*"; // numeric, or "*": all
    std::string socket = "/run/mysqld/mysqld.sock";
    std::vector<std::string> options; // further "--name=value", without the dashes
    // Of the checks: who asks, with what password, and in which database the table of the write check is.
    std::string account;      // empty: the name of `user`, who is known by the socket
    std::string passwordFile; // 0600, one line; empty: no password
    std::string probeDatabase = "dyad";
    HealthCheck health{SqlProbe{}, 5s, 3s, 3}; // as PostgresqlSettings::health
    CheckDepth check = CheckDepth::Select;

    bool operator==(const MariadbSettings&) const = default;
};

inline constexpr std::size_t maxRoutesPerAddress = 16;

// There as long as the address is.
struct AddressRoute {
    std::string destination;       // numeric network, of the family of the address
    std::uint8_t prefixLength = 0; // 0: the default route
    std::string gateway;           // numeric; empty: on the link itself
    unsigned metric = 0;
    unsigned table = 254;        // of the kernel; 254: main
    bool preferSource = false;   // what goes out by it says that it comes from the address

    bool operator==(const AddressRoute&) const = default;
};

struct AddressSettings {
    // Whom to ask whether somebody has the address already, before it is raised in an ordinary start.
    enum class DuplicateCheck : std::uint8_t {
        Network, // three quick questions of our own (network/duplicate_check.h)
        Kernel,  // IPv6: duplicate address detection by the kernel (RFC 4862), a second or more
        None,
    };

    std::string address; // numeric, without prefix
    std::uint8_t prefixLength = 0;
    std::string interface;      // empty: the one whose subnet holds the address
    bool raiseLast = false;     // false: raised right after the reservation is won
    unsigned announcements = 5; // burst of gratuitous ARP / unsolicited NA
    Duration refresh = 60s;     // announced again as long as it is held; 0: never
    std::vector<AddressRoute> routes;
    DuplicateCheck duplicateCheck = DuplicateCheck::Network;
    bool watchCarrier = true; // without a carrier on its interface the public network counts as lost here

    bool operator==(const AddressSettings&) const = default;
};

struct DnsServer {
    std::string address; // numeric
    std::uint16_t port = 53;

    bool operator==(const DnsServer&) const = default;
};

// By RFC 2136, signed with a key of RFC 8945.
struct AliasDns {
    std::vector<DnsServer> servers; // each of them is updated and asked
    std::string zone;               // lower case, without the last dot
    std::string keyFile;            // as tsig-keygen writes it, 0600
    Duration ttl = 60s;

    bool operator==(const AliasDns&) const = default;
};

// A host name that moves with the group.
struct AliasSettings {
    std::string host;                   // lower case, without the last dot
    std::vector<std::string> addresses; // numeric: what the name stands for
    std::optional<AliasDns> dns;
    std::string mdnsName; // "erp.local"; empty: not published by multicast DNS
    bool hosts = false;   // a block in /etc/hosts of both nodes
    bool required = false;  // it runs only once the name is there
    Duration refresh = 60s; // looked at again; 0: never
    std::string netbiosName; // "ERP"; empty: not answered for by nmbd

    bool operator==(const AliasSettings&) const = default;
};

inline constexpr std::size_t maxProbes = 16; // of one resource
inline constexpr std::size_t maxPoolServers = 64;

struct PoolServer {
    std::string name;
    std::string address; // numeric, of the family of the pool's own
    std::uint16_t port = 0;
    unsigned weight = 1;
    bool maintenance = false; // gets no new connections
    Probe probe;              // the pool's check, aimed at this server

    bool operator==(const PoolServer&) const = default;
};

// Real servers behind a floating address of the group: what connects there is passed on by the kernel.
struct PoolSettings {
    enum class Balance : std::uint8_t { RoundRobin, Weighted, Source };
    std::string address; // where clients connect
    std::uint16_t port = 0;
    Balance balance = Balance::RoundRobin;
    std::vector<PoolServer> servers;
    Duration interval = 2s; // between two checks of a server
    Duration timeout = 1s;
    unsigned failures = 3;      // in a row: out
    unsigned successes = 2;     // in a row: in again
    bool sourceNat = true;      // the servers see this node's address, so that their answers come back through it
    bool failWhenEmpty = false; // no server left: the resource counts as failed; else clients are refused

    bool operator==(const PoolSettings&) const = default;
};

// A unit that systemd is told to start and to stop: type = "systemd:UNIT".
struct SystemdSettings {
    std::string unit; // with its suffix: "nginx.service"

    bool operator==(const SystemdSettings&) const = default;
};

using ResourceSettings = std::variant<FilesystemSettings, ProcessSettings, CommandSettings, PostgresqlSettings,
                                      AddressSettings, OcfSettings, AliasSettings, PoolSettings, MariadbSettings,
                                      SystemdSettings>;

struct ResourceSetup {
    std::string name;
    std::string type; // the word in the file: "filesystem", "process", "command", "ocf:PROVIDER:AGENT"...
    ResourceSettings settings;
    std::vector<ResourceId>
        after; // resolved: what must run before this starts (written order where the file is silent)
    Duration startTimeout = 60s;
    Duration stopTimeout = 30s;
    RestartLadder ladder;
    std::vector<HealthCheck> probes; // beside what its agent watches; asked while it runs

    bool operator==(const ResourceSetup&) const = default;
};

enum class Failback : std::uint8_t { Manual, Auto, Never };

// By the host's local time of day. Goes over midnight where it ends before it begins; the end is not in it.
struct DailyWindow {
    std::uint16_t fromMinute = 0; // since midnight, < 1440
    std::uint16_t toMinute = 0;

    [[nodiscard]] constexpr bool holds(unsigned minute) const {
        return fromMinute <= toMinute ? minute >= fromMinute && minute < toMinute
                                      : minute >= fromMinute || minute < toMinute;
    }
    bool operator==(const DailyWindow&) const = default;
};

struct GroupSetup {
    std::string name;
    std::optional<NodeId> prefer;
    Failback failback = Failback::Manual;
    Duration failbackAfter = 60s;               // Auto: the preferred node was heard for so long without a break
    std::optional<DailyWindow> failbackWindow; // Auto: only within it
    std::vector<LunId> luns;              // in the order of the file; the first is the arbiter
    std::vector<ResourceSetup> resources; // by ResourceId

    bool operator==(const GroupSetup&) const = default;
};

struct ControlSetup {
    std::uint16_t port = 7410;

    bool operator==(const ControlSetup&) const = default;
};

inline constexpr std::size_t maxSyncs = 16;
inline constexpr std::size_t maxSyncPaths = 64; // of one set

// Files that must be equal on both nodes: watched where the group is active, copied to the other node.
struct SyncSetup {
    std::string name;
    std::vector<std::string> paths; // absolute files or folders
    std::vector<std::string> after; // run on the node that has got files; may be empty
    GroupId group;                  // whose active node has the true files

    bool operator==(const SyncSetup&) const = default;
};

inline constexpr std::size_t maxNotifyChannels = 8;
inline constexpr std::size_t maxMailRecipients = 16;

struct MailChannel {
    std::string server; // smtp://host[:port] or smtps://host[:port]; here alone a host may be a name
    std::string from;
    std::vector<std::string> to;
    std::string user;         // empty: without authentication
    std::string passwordFile; // 0600, one line
    bool encrypted = true;    // smtp:// only with STARTTLS
    std::string authority;    // PEM file of the certificate's authority; empty: those that the host trusts

    bool operator==(const MailChannel&) const = default;
};
struct WebhookChannel {
    std::string url;        // http:// or https://
    std::string secretFile; // 0600, one line; empty: the message is not signed
    std::string authority;

    bool operator==(const WebhookChannel&) const = default;
};
struct SnmpChannel {
    std::string receiver;           // "10.77.0.9:162", numeric
    std::string communityFile;      // SNMPv2c; 0600, one line, as those below
    std::string user;               // SNMPv3; empty: v2c
    std::string authenticationFile; // SHA-256
    std::string privacyFile;        // AES-128; empty: authenticated, not encrypted
    bool acknowledged = true;       // an InformRequest, which the receiver confirms; false (v2c): a trap

    bool operator==(const SnmpChannel&) const = default;
};
struct ScriptChannel {
    std::vector<std::string> command; // exit 0: told

    bool operator==(const ScriptChannel&) const = default;
};

// One way in which a person is told of alarms.
struct NotifySetup {
    std::string name;
    Severity least = Severity::Warning; // what is less is not told
    std::variant<MailChannel, WebhookChannel, SnmpChannel, ScriptChannel> way;

    bool operator==(const NotifySetup&) const = default;
};

inline constexpr std::size_t maxHooks = 32;

// What can happen to a group on this node.
enum class HookEvent : std::uint8_t {
    BeforeStart, // the group is won here, by whatever way: its resources begin to start
    AfterStart,  // and all of them run
    BeforeStop,
    AfterStop,
    BeforeTakeover, // as BeforeStart, but the peer had not let go: it is dead, silent or useless
    AfterTakeover,
    BeforeSwitchback, // as BeforeStart, but the peer had let go, and this is the node that the group prefers
    AfterSwitchback,
    Failed, // the group can't run, or can't be stopped, here
    Lost,   // the lease is gone: what runs is killed
};

// A command that is run when something happens to a group. Nothing waits for it.
struct HookSetup {
    std::string name;
    std::vector<HookEvent> events; // at least one
    std::vector<std::string> command;
    std::optional<GroupId> group; // none: every group
    Duration timeout = 30s;       // then it is killed

    bool operator==(const HookSetup&) const = default;
};

struct Configuration {
    std::string clusterName;
    std::uint16_t clusterId = 0; // digest of the name, never 0
    Profile profile = Profile::Standard;
    NodeSetup nodes[2];           // by indexOf(NodeId)
    std::vector<LinkSetup> links; // by LinkId
    std::uint16_t heartbeatPort = 7400;
    std::vector<std::string> gateways;
    std::vector<LunSetup> luns;     // by LunId
    std::vector<GroupSetup> groups; // by GroupId
    ControlSetup control;
    std::vector<SyncSetup> syncs;
    std::vector<NotifySetup> notify;
    std::uint64_t digest = 0; // of the file's bytes; never 0
    std::vector<HookSetup> hooks;

    bool operator==(const Configuration&) const = default;
};

} // namespace dyad::model
