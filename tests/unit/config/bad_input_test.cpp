// SPDX-License-Identifier: Apache-2.0
// Every way in which a file can be wrong: where it is said to be, about which key, and with which remedy. Unless the
// row says otherwise, that is the only problem reported.
#include "pair.h"

#include <QtTest>

using namespace dyad::config;

namespace {

const std::string process =
    "[[group.resource]]\nname = \"app\"\ntype = \"process\"\ncommand = [\"/bin/app\"]\n";       // lines 22 to 25
const std::string vip = "[[group.resource]]\nname = \"vip\"\ntype = \"address\"\n";             // 22 to 24
const std::string database = "[[group.resource]]\nname = \"db\"\ntype = \"postgresql\"\n";      // 22 to 24
const std::string ocf = "[[group.resource]]\nname = \"web\"\ntype = \"ocf:heartbeat:nginx\"\n"; // 22 to 24
const std::string mariadb =
    "[[group.resource]]\nname = \"db\"\ntype = \"mariadb\"\ndata = \"/srv/erp/my\"\n"; // 22 to 25
const std::string withGroup = pairLines + groupLines;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    Q_ASSERT(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

} // namespace

class BadInputTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void oneProblem_data();
    void oneProblem();
    void allProblemsAtOnce();
    void thereAreNotTooMany();
    void secretsAreNotQuoted();
    void hostileTextIsMadeVisible();
    void aResourceWithoutTypeUsesNoLun();
};

void BadInputTest::oneProblem_data() {
    QTest::addColumn<std::string>("text");
    QTest::addColumn<unsigned>("line");
    QTest::addColumn<unsigned>("column");
    QTest::addColumn<std::string>("key");
    QTest::addColumn<std::string>("says");
    QTest::addColumn<std::string>("remedy");
    const auto row = [](const char* name, const std::string& text, unsigned line, unsigned column, const char* key,
                        const char* says, const char* remedy) {
        QTest::newRow(name) << text << line << column << std::string(key) << std::string(says) << std::string(remedy);
    };
    const auto change = [&](const char* name, const char* from, const char* to, unsigned line, unsigned column,
                            const char* key, const char* says, const char* remedy) {
        row(name, replaced(withGroup, from, to), line, column, key, says, remedy);
    };

    row("not TOML", "[cluster\nname = 3\n", 1, 9, "", "not valid TOML", "correct the line");
    row("a key twice", replaced(withGroup, "name = \"erp-pair\"", "name = \"a\"\nname = \"b\""), 3, 8, "",
        "not valid TOML", "correct");
    row("unknown section", "[clutser]\n" + withGroup, 1, 2, "clutser", "unknown key \"clutser\"",
        "did you mean \"cluster\"?");
    change("unknown key", "name = \"erp\"\n", "name = \"erp\"\nprefr = \"alpha\"\n", 16, 1, "prefr",
           "group \"erp\": unknown key \"prefr\"", "did you mean \"prefer\"?");
    change("unknown key, only begun", "fstype = \"ext4\"", "fstype = \"ext4\"\nstart_time = 3", 22, 1, "start_time",
           "unknown key", "did you mean \"start_timeout_s\"?");
    change("unknown key like nothing", "name = \"erp\"\n", "name = \"erp\"\ncolour = \"red\"\n", 16, 1, "colour",
           "unknown key", "use one of \"name\", \"prefer\"");
    change("key of another type", "mount = ", "port = 3\nmount = ", 20, 1, "port", "unknown key \"port\"", "");

    change("cluster name", "\"erp-pair\"", "\"erp pair\"", 2, 8, "name", "is not a name", "use letters");
    change("no cluster name", "name = \"erp-pair\"\n", "", 1, 1, "name", "[cluster]: the key \"name\" is missing",
           "add name =");
    change("profile", "[[node]]", "profile = \"fsat\"\n[[node]]", 3, 11, "profile", "\"fsat\" is not one of",
           "did you mean \"fast\"?");
    change("port too large", "[[node]]", "heartbeat_port = 70000\n[[node]]", 3, 18, "heartbeat_port",
           "70000 is out of range", "from 1 to 65535");
    change("port as a text", "[[node]]", "heartbeat_port = \"7400\"\n[[node]]", 3, 18, "heartbeat_port", "is a text",
           "write a whole number");
    change("empty text", "\"erp-pair\"", "\"\"", 2, 8, "name", "is empty", "write a value");
    change("same node twice", "\"beta\"", "\"alpha\"", 7, 8, "name", "is the name of the other node too", "host");
    change("not an address", "\"10.77.1.2\"", "\"beta.example\"", 8, 21, "private", "is not an address",
           "write a numeric address");
    change("address of nobody", "\"10.77.1.2\"", "\"0.0.0.0\"", 8, 21, "private", "not the address of one host", "");
    change("link-local without zone", "\"10.77.1.2\"", "\"fe80::2\"", 8, 21, "private",
           "doesn't say on which interface", "fe80::2%eth1");
    change("two families", "\"10.77.1.2\"", "\"fd00::2\"", 8, 21, "private", "different families",
           "both as IPv4 or both as IPv6");
    change("same address twice", "\"10.77.1.2\"", "\"10.77.1.1\"", 8, 21, "private",
           "already belongs to link \"private\" of node \"alpha\"", "");
    change("link on one node only", "links = { private = \"10.77.1.2\", public = \"10.77.0.2\" }",
           "links = { private = \"10.77.1.2\" }", 8, 9, "public", "node \"beta\" has no link \"public\"",
           "add public = ");
    change("no links", "links = { private = \"10.77.1.2\", public = \"10.77.0.2\" }\n", "", 6, 1, "links",
           "the key \"links\" is missing", "");
    change("third node", "[network]", "[[node]]\nname = \"gamma\"\nlinks = { private = \"10.77.1.3\" }\n[network]", 9,
           1, "node", "there are 3 node blocks", "at most 2");
    change("gateway", "\"10.77.0.254\"", "\"10.77.0.254\", \"router\"", 10, 28, "gateways",
           "gateway \"router\" is not the address", "numeric");
    change("gateway is a node", "\"10.77.0.254\"", "\"10.77.0.1\"", 10, 13, "gateways",
           "already belongs to link \"public\"", "");

    change("url scheme", "iscsi://10.77.2.9", "http://10.77.2.9", 13, 9, "iscsi", "doesn't begin with iscsi://",
           "write it as");
    change("portal by name", "10.77.2.9", "array.example", 13, 9, "iscsi", "no numeric portal", "name server");
    change("no LUN number", "array/1", "array", 13, 9, "iscsi", "no LUN number", "write it as");
    change("target name", "iqn.2026-11.example:array", "array", 13, 9, "iscsi", "iqn., eui., naa.", "write it as");
    change("CHAP user without secret", "iscsi://10", "iscsi://joe@10", 11, 1, "chap_secret_file", "is missing",
           "mode 0600");
    change("CHAP secret without user", "[[group]]", "chap_secret_file = \"/etc/s\"\n[[group]]", 14, 20,
           "chap_secret_file", "no user", "iscsi://USER@");
    change("same LUN under two names", "[[group]]",
           "[[lun]]\nname = \"b\"\niscsi = \"iscsi://10.77.2.9:3260/iqn.2026-11.example:array/1\"\n[[group]]", 16, 9,
           "iscsi", "is the LUN \"array\" already", "one LUN one name");

    row("no group", pairLines, 1, 1, "group", "there is no group", "[[group]]");
    row("group without resources", pairLines + "[[group]]\nname = \"erp\"\n", 14, 1, "resource", "has no resources",
        "[[group.resource]]");
    row("group as a table", pairLines + "[group]\nname = \"erp\"\n", 14, 1, "group", "is a table", "[[group]]");
    row("same group twice", withGroup + "[[group]]\nname = \"erp\"\n" + replaced(process, "app", "x"), 23, 8, "name",
        "is used twice", "");
    change("prefer", "name = \"erp\"\n", "name = \"erp\"\nprefer = \"alhpa\"\n", 16, 10, "prefer", "is no node",
           "did you mean \"alpha\"?");
    change("failback", "name = \"erp\"\n", "name = \"erp\"\nfailback = \"window\"\n", 16, 12, "failback",
           "is not one of", "\"manual\"");
    change("failback to where", "name = \"erp\"\n", "name = \"erp\"\nfailback = \"auto\"\n", 16, 12, "failback",
           "no node to go back to", "add prefer");
    change("failback window", "name = \"erp\"\n",
           "name = \"erp\"\nprefer = \"alpha\"\nfailback = \"auto\"\nfailback_window = \"2-4\"\n", 18, 19,
           "failback_window", "is no window of a day", "02:00-04:00");
    change("failback window of 25 hours", "name = \"erp\"\n",
           "name = \"erp\"\nprefer = \"alpha\"\nfailback = \"auto\"\nfailback_window = \"02:00-25:00\"\n", 18, 19,
           "failback_window", "is no window of a day", "02:00-04:00");
    change("failback window without auto", "name = \"erp\"\n", "name = \"erp\"\nfailback_window = \"02:00-04:00\"\n",
           16, 19, "failback_window", "says nothing", "failback = \"auto\"");
    change("resource type", "type = \"filesystem\"", "type = \"filesytem\"", 18, 8, "type", "is no type of resource",
           "did you mean \"filesystem\"?");
    change("unknown LUN", "lun = \"array\"", "lun = \"aray\"", 19, 7, "lun", "is no LUN of this file",
           "did you mean \"array\"?");
    change("mount relative", "\"/srv/erp\"", "\"srv/erp\"", 20, 9, "mount", "is not an absolute path",
           "begin it with /");
    change("mount not plain", "\"/srv/erp\"", "\"/srv/../erp/\"", 20, 9, "mount", "plain form", "write it as \"/erp\"");
    change("mount over the system", "\"/srv/erp\"", "\"/usr\"", 20, 9, "mount", "is a folder of the system", "");
    change("mount over the service", "\"/srv/erp\"", "\"/run/dyad/lun\"", 20, 9, "mount", "is a folder of the system",
           "");
    change("fstype", "\"ext4\"", "\"ext3\"", 21, 10, "fstype", "is not one of \"ext4\" or \"xfs\"",
           "did you mean \"ext4\"?");
    change("no fstype", "fstype = \"ext4\"\n", "", 16, 1, "fstype", "is missing", "add fstype");
    change("options that lose data", "fstype = ", "options = \"noatime,nobarrier\"\nfstype = ", 21, 11, "options",
           "acknowledged", "remove");
    change("options that panic", "fstype = ", "options = \"errors=panic\"\nfstype = ", 21, 11, "options",
           "errors=panic", "remove");
    row("LUN used twice",
        withGroup + "[[group]]\nname = \"b\"\n" +
            replaced(replaced(groupLines.substr(groupLines.find("[[group.r")), "data", "d2"), "/srv/erp", "/srv/b"),
        27, 7, "lun", "lun \"array\" already belongs to resource \"data\" of group \"erp\"", "LUN of its own");
    const std::string second =
        replaced(withGroup, "[[group]]",
                 "[[lun]]\nname = \"b\"\niscsi = \"iscsi://10.77.2.9/iqn.2026-11.example:array/2\"\n[[group]]") +
        "[[group.resource]]\nname = \"d2\"\ntype = \"filesystem\"\nlun = \"b\"\nfstype = \"xfs\"\n";
    row("mount twice", second + "mount = \"/srv/erp\"\n", 30, 9, "mount", "is the mount point of resource \"data\"",
        "");
    row("mount nested", second + "mount = \"/srv/erp/log\"\n", 30, 9, "mount", "lies below the mount point of", "");

    row("an agent without provider", withGroup + replaced(ocf, "heartbeat:", ""), 24, 8, "type",
        "type = \"ocf:nginx\" does not name an agent", "write ocf:PROVIDER:AGENT");
    row("an agent out of its folder", withGroup + replaced(ocf, "nginx", "../../bin/sh"), 24, 8, "type",
        "does not name an agent", "write ocf:PROVIDER:AGENT");
    row("parameter that is a list", withGroup + ocf + "parameters = { configfile = [1] }\n", 25, 29, "parameters",
        "\"configfile\" is neither a text nor a number", "write it in quotes");
    row("parameter of no name", withGroup + ocf + "parameters = { \"a b\" = 1 }\n", 25, 24, "parameters",
        "\"a b\" is no name of a parameter", "dyad agent describe");
    row("parameter of the cluster manager", withGroup + ocf + "parameters = { CRM_meta_timeout = 1 }\n", 25, 35,
        "parameters", "is no name of a parameter", "dyad agent describe");
    row("check level", withGroup + ocf + "check_level = 101\n", 25, 15, "check_level", "", "");
    row("no command", withGroup + replaced(process, "command = [\"/bin/app\"]\n", ""), 22, 1, "command", "is missing",
        "add command = ");
    row("empty command", withGroup + replaced(process, "[\"/bin/app\"]", "[]"), 25, 11, "command", "names no program",
        "");
    row("program in PATH", withGroup + replaced(process, "/bin/app", "app"), 25, 11, "command",
        "\"app\", which is not an absolute path", "whole path");
    row("number in command", withGroup + replaced(process, "[\"/bin/app\"]", "[\"/bin/app\", 5]"), 25, 24, "command",
        "5 is a whole number", "text in quotes");
    row("command as a text", withGroup + replaced(process, "[\"/bin/app\"]", "\"/bin/app\""), 25, 11, "command",
        "is a text", "a list");
    row("signal", withGroup + process + "stop_signal = \"SIGTREM\"\n", 26, 15, "stop_signal", "is not one of",
        "did you mean \"SIGTERM\"?");
    row("no probe", withGroup + process + "health = { interval_ms = 500 }\n", 26, 10, "health", "says nothing to try",
        "tcp = ");
    row("two probes", withGroup + process + "ready = { tcp = \"127.0.0.1:1\", sql = \"x\" }\n", 26, 38, "sql",
        "is a second probe", "keep one");
    row("http without scheme", withGroup + process + "ready = { http = \"127.0.0.1/health\" }\n", 26, 18, "http",
        "is not the address of a page", "http://127.0.0.1:8080/health");
    for (const char* place : {"127.0.0.1:99999", "127.0.0.1:0", "127.0.0.1:", "[::1", "[]", ":80", "[::1]80"})
        row(place, withGroup + process + "ready = { http = \"http://" + place + "/\" }\n", 26, 18, "http",
            "is not the address of a page", "http://127.0.0.1:8080/health");
    row("http with a password", withGroup + process + "ready = { http = \"http://joe:secret@127.0.0.1/\" }\n", 26, 18,
        "http", "is not the address of a page", "http://127.0.0.1:8080/health");
    row("status without http", withGroup + process + "ready = { tcp = \"127.0.0.1:1\", status = 200 }\n", 26, 41,
        "status", "stands without http", "add http =");
    row("status that is none", withGroup + process + "ready = { http = \"http://127.0.0.1/\", status = 99 }\n", 26, 48,
        "status", "", "");
    row("smtp by name", withGroup + process + "ready = { smtp = \"localhost\" }\n", 26, 18, "smtp",
        "is not an address with a port", "write");
    row("tcp without port", withGroup + process + "ready = { tcp = \"127.0.0.1\" }\n", 26, 17, "tcp",
        "is not an address with a port", "127.0.0.1:80");
    row("interval", withGroup + process + "health = { tcp = \"127.0.0.1:1\", interval_ms = 1 }\n", 26, 47,
        "interval_ms", "1 is out of range", "from 10 to 3600000");
    row("time-outs that contradict each other",
        withGroup + process + "health = { tcp = \"127.0.0.1:1\", interval_ms = 500, timeout_ms = 900 }\n", 26, 65,
        "timeout_ms", "timeout_ms = 900 is longer than interval_ms = 500", "make timeout_ms at most 500");
    row("restarts", withGroup + process + "restarts = 1001\n", 26, 12, "restarts", "1001 is out of range",
        "from 0 to 1000");
    row("not a number", withGroup + process + "start_timeout_s = nan\n", 26, 19, "start_timeout_s", "is out of range",
        "from 0.1 to 86400");
    row("name used twice", withGroup + replaced(process, "\"app\"", "\"data\""), 23, 8, "name",
        "is used twice in this group", "");
    row("after nobody", withGroup + process + "after = [\"dtaa\"]\n", 26, 10, "after",
        "names \"dtaa\", which is no resource", "did you mean \"data\"?");
    row("after itself", withGroup + process + "after = [\"app\"]\n", 26, 10, "after", "names the resource itself",
        "remove it");
    row("circle",
        withGroup + replaced(process, "app", "one") + "after = [\"two\"]\n" + replaced(process, "app", "two") +
            "after = [\"one\"]\n",
        26, 10, "after", "\"one\", \"two\" wait for each other in a circle", "take one of them out");

    row("address without prefix", withGroup + vip + "address = \"10.77.0.100\"\n", 25, 11, "address",
        "no prefix length", "10.77.0.100/24");
    row("prefix too long", withGroup + vip + "address = \"10.77.0.100/33\"\n", 25, 11, "address", "from 1 to 32", "");
    row("network address", withGroup + vip + "address = \"10.77.0.0/24\"\n", 25, 11, "address",
        "is the network or the broadcast address", "");
    row("broadcast address", withGroup + vip + "address = \"10.77.0.255/24\"\n", 25, 11, "address",
        "is the network or the broadcast address", "");
    row("address of a node", withGroup + vip + "address = \"10.77.0.1/24\"\n", 25, 11, "address",
        "already belongs to link \"public\" of node \"alpha\"", "");
    row("address used twice",
        withGroup + vip + "address = \"10.77.0.9/24\"\n" + replaced(vip, "\"vip\"", "\"v2\"") +
            "address = \"10.77.0.9/16\"\n",
        29, 11, "address", "already belongs to resource \"vip\"", "");
    row("interface", withGroup + vip + "address = \"10.77.0.9/24\"\ninterface = \"much-too-long-name\"\n", 26, 13,
        "interface", "is not the name of an interface", "");

    row("database elsewhere", withGroup + database + "data = \"/var/lib/pg\"\n", 25, 8, "data",
        "is on no filesystem of the group", "below the mount point");
    row("database before its disk", withGroup + database + "data = \"/srv/erp/pg\"\nafter = []\n", 25, 8, "after",
        "doesn't start after it", "");
    row("database as root", withGroup + database + "data = \"/srv/erp/pg\"\nuser = \"root\"\n", 26, 8, "user",
        "refused by PostgreSQL", "postgres");
    row("ping of a name", withGroup + process + "health = { ping = \"router\" }\n", 26, 19, "ping",
        "is not the address of a host", "10.77.0.254");
    row("carrier of no interface", withGroup + process + "health = { carrier = \"eth 0\" }\n", 26, 22, "carrier",
        "is not the name of an interface", "eth0");
    const std::string mail = "[[notify]]\nname = \"admins\"\ntype = \"mail\"\nserver = \"smtp://mail.example:587\"\n"
                             "from = \"dyad@example.com\"\nto = [\"a@example.com\"]\n"; // 22 to 27
    const std::string snmp = "[[notify]]\nname = \"traps\"\ntype = \"snmp\"\nreceiver = \"10.77.0.9\"\n"; // 22 to 25
    row("channel of no type", withGroup + "[[notify]]\nname = \"admins\"\n", 22, 1, "type", "the key \"type\" is missing",
        "type = \"mail\"");
    row("channel of an unknown type", withGroup + "[[notify]]\nname = \"a\"\ntype = \"pigeon\"\n", 24, 8, "type",
        "\"pigeon\" is not one of", "mail");
    row("channel named twice", withGroup + mail + mail, 29, 8, "name", "is used twice", "a name of its own");
    row("mail server without scheme", withGroup + replaced(mail, "smtp://", ""), 25, 10, "server", "is no mail server",
        "smtp://");
    row("mail to nobody", withGroup + replaced(mail, "[\"a@example.com\"]", "[]"), 27, 6, "to", "must name 1 to 16", "");
    row("mail to no address", withGroup + replaced(mail, "[\"a@", "[\"--"), 27, 6, "to", "which is no mail address", "");
    row("mail user without password", withGroup + mail + "user = \"dyad\"\n", 22, 1, "password_file", "is missing",
        "password_file = ");
    row("password without user", withGroup + mail + "password_file = \"/etc/p\"\n", 28, 17, "password_file",
        "stands without user", "");
    row("password in the clear",
        withGroup + mail + "user = \"dyad\"\npassword_file = \"/etc/p\"\nencryption = \"none\"\n", 30, 14, "encryption",
        "would send the password in the clear", "");
    row("key of another channel", withGroup + mail + "url = \"http://a\"\n", 28, 1, "url", "unknown key \"url\"", "");
    row("severity", withGroup + mail + "least = \"bad\"\n", 28, 9, "least", "is not one of", "critical");
    row("webhook with a secret in it",
        withGroup + "[[notify]]\nname = \"hook\"\ntype = \"webhook\"\nurl = \"https://joe:geheim@chat.example\"\n", 25, 7,
        "url", "is not the address of a page", "");
    row("SNMP without secret", withGroup + snmp, 22, 1, "community_file", "is missing", "community_file = ");
    row("SNMP of two versions",
        withGroup + snmp + "user = \"u\"\nauthentication_file = \"/a\"\ncommunity_file = \"/c\"\n", 28, 18, "community_file",
        "stands beside user", "SNMPv2c");
    row("SNMP receiver by name", withGroup + replaced(snmp, "10.77.0.9", "manager") + "community_file = \"/c\"\n", 25, 12,
        "receiver", "is not an address", "10.77.0.9:162");
    row("script without command", withGroup + "[[notify]]\nname = \"lamp\"\ntype = \"script\"\n", 22, 1, "command",
        "is missing", "");
    row("database option", withGroup + database + "data = \"/srv/erp/pg\"\noptions = [\"fsync\"]\n", 26, 12, "options",
        "is not name=value", "shared_buffers");
    row("one port for two databases",
        withGroup + database + "data = \"/srv/erp/a\"\n" + replaced(database, "db", "db2") + "data = \"/srv/erp/b\"\n",
        26, 1, "port", "port 5432 already belongs to resource \"db\"", "another port");
    row("depth of a database's check", withGroup + database + "data = \"/srv/erp/pg\"\ncheck = \"deep\"\n", 26, 9,
        "check", "deep", "select");
    row("depth beside a probe",
        withGroup + database + "data = \"/srv/erp/pg\"\ncheck = \"write\"\nhealth = { tcp = \"127.0.0.1:1\" }\n", 26,
        9, "check", "stands beside a probe in health", "keep one of them");

    row("MariaDB elsewhere", withGroup + replaced(mariadb, "/srv/erp/my", "/var/lib/mysql"), 25, 8, "data",
        "is on no filesystem of the group", "below the mount point");
    row("MariaDB as root", withGroup + mariadb + "user = \"root\"\n", 26, 8, "user", "refused by MariaDB", "mysql");
    row("MariaDB with a key it doesn't have", withGroup + mariadb + "binaries = \"/usr/bin\"\n", 26, 1, "binaries",
        "unknown key", "");
    row("MariaDB at a name", withGroup + mariadb + "bind_address = \"db.example\"\n", 26, 16, "bind_address",
        "is no numeric address", "\"*\"");
    row("socket without its end", withGroup + mariadb + "socket = \"/run/mysqld\"\n", 26, 10, "socket",
        "is no name for a socket", ".sock");
    row("socket that is too long", withGroup + mariadb + "socket = \"/run/" + std::string(110, 'x') + ".sock\"\n", 26,
        10, "socket", "is no name for a socket", "107 bytes");
    row("database of the check", withGroup + mariadb + "database = \"a`b\"\n", 26, 12, "database", "is no plain name", "");
    row("password on the array", withGroup + mariadb + "password_file = \"/srv/erp/secret\"\n", 25, 8, "password_file",
        "is on the array", "/etc/dyad");
    row("a PostgreSQL asked of MariaDB", withGroup + mariadb + "health = { sql = \"host=/x password=geheim\" }\n", 26, 10,
        "health", "asks a PostgreSQL", "check");
    const auto option = [&](const char* name, const char* text, const char* says, const char* remedy) {
        row(name, withGroup + mariadb + "options = [\"" + text + "\"]\n", 26, 12, "options", says, remedy);
    };
    option("option with dashes", "--max_connections=5", "is no name, or name=value", "without dashes");
    option("option of a key", "DataDir=/x", "has a key of its own", "data = ");
    option("option of a key, begun", "loose-bind=::", "has a key of its own", "bind_address = ");
    option("lost commits", "innodb-flush-log-at-trx-commit=2", "commits could be lost", "remove");
    option("lost commits, begun", "innodb_flush_log_at_trx=0", "commits could be lost", "remove");
    option("binary log behind", "Sync_Binlog=0", "commits could be lost", "remove");
    option("torn pages", "skip-innodb-doublewrite", "commits could be lost", "remove");
    option("torn pages by value", "innodb_doublewrite=OFF", "commits could be lost", "remove");
    option("no flush", "innodb_flush_method=O_DIRECT_NO_FSYNC", "commits could be lost", "remove");
    row("one port for two kinds of database",
        withGroup + replaced(database, "db", "pg") + "data = \"/srv/erp/a\"\nport = 3306\n" + mariadb, 27, 1, "port",
        "port 3306 already belongs to resource \"pg\"", "another port");
    row("one socket for two databases",
        withGroup + mariadb + replaced(replaced(mariadb, "db", "db2"), "/erp/my", "/erp/my2") + "port = 3307\n", 26, 1,
        "socket", "already belongs to resource \"db\"", "another socket");
}

void BadInputTest::oneProblem() {
    QFETCH(std::string, text);
    QFETCH(unsigned, line);
    QFETCH(unsigned, column);
    QFETCH(std::string, key);
    QFETCH(std::string, says);
    QFETCH(std::string, remedy);
    const Loaded loaded = loadText(text, "dyad.toml");
    QVERIFY(!loaded.configuration);
    QVERIFY2(loaded.problems.size() == 1, allTexts(loaded).c_str());
    const Problem& problem = loaded.problems[0];
    const std::string shown = toText(problem);
    QVERIFY2(problem.line == line && problem.column == column, shown.c_str());
    QCOMPARE(problem.key, key);
    QVERIFY2(problem.text.find(says) != std::string::npos, shown.c_str());
    QVERIFY2(problem.remedy.find(remedy) != std::string::npos, shown.c_str());
    QVERIFY2(!problem.remedy.empty(), shown.c_str());
    QVERIFY(shown.starts_with("dyad.toml:" + std::to_string(line) + ":" + std::to_string(column) + ": "));
}

void BadInputTest::allProblemsAtOnce() {
    const Loaded loaded =
        loadText("[cluster]\nprofile = \"x\"\nheartbeat_port = 0\n[[group]]\nname = \"g\"\nprefr = 1\n", "f");
    QVERIFY(!loaded.configuration);
    std::vector<std::string> keys;
    for (const Problem& problem : loaded.problems)
        keys.push_back(problem.key);
    std::sort(keys.begin(), keys.end());
    QCOMPARE(keys, (std::vector<std::string>{"heartbeat_port", "name", "node", "prefr", "profile", "resource"}));
    QVERIFY(std::is_sorted(loaded.problems.begin(), loaded.problems.end(),
                           [](const Problem& a, const Problem& b) { return a.line < b.line; }));
}

void BadInputTest::thereAreNotTooMany() {
    std::string text = withGroup;
    for (int i = 0; i < 150; ++i)
        text += "wrong" + std::to_string(i) + " = 1\n";
    const Loaded loaded = loadText(text, "f");
    QCOMPARE(loaded.problems.size(), maxProblems + 1);
    QVERIFY(loaded.problems.back().text.find("50 more problems") != std::string::npos);
}

void BadInputTest::secretsAreNotQuoted() {
    const std::string text = replaced(withGroup, "iscsi://10", "iscsi://joe%geheim@10");
    const Loaded loaded = loadText(text + "chap_secret = \"geheim\"\n", "f");
    QVERIFY(loaded.problems.size() >= 2);
    for (const Problem& problem : loaded.problems) {
        QVERIFY(toText(problem).find("geheim") == std::string::npos);
        QVERIFY(problem.value.find("geheim") == std::string::npos);
    }
}

void BadInputTest::hostileTextIsMadeVisible() {
    const Loaded loaded = loadText(replaced(withGroup, "\"erp-pair\"", "\"a\\u001b[2Jb\""), "f");
    QCOMPARE(loaded.problems.size(), std::size_t(1));
    QVERIFY(toText(loaded.problems[0]).find('\x1b') == std::string::npos);
    QVERIFY(toText(loaded.problems[0]).find("\\x1b") != std::string::npos);
}

// Found by fuzzing: such a resource was taken for a filesystem on the file's first LUN, and there was none.
void BadInputTest::aResourceWithoutTypeUsesNoLun() {
    const Loaded loaded = loadText("[[group]]\nname = \"g\"\n[[group.resource]]\nname = \"r\"\n", "f");
    std::vector<std::string> keys;
    for (const Problem& problem : loaded.problems)
        keys.push_back(problem.key);
    QVERIFY(std::find(keys.begin(), keys.end(), "type") != keys.end());
    QVERIFY(std::find(keys.begin(), keys.end(), "lun") == keys.end());
}

QTEST_APPLESS_MAIN(BadInputTest)
#include "bad_input_test.moc"
