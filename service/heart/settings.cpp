// SPDX-License-Identifier: Apache-2.0
#include "heart/settings.h"

#include "base/errno_text.h"
#include "model/serial_line.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

namespace dyad::heart {

namespace {

constexpr std::uint64_t maxIntervalMs = 60'000;
constexpr std::size_t maxWordsPerLink = 5;

std::optional<std::uint64_t> number(std::string_view text, int base = 10) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string_view> wordsOf(std::string_view text) {
    std::vector<std::string_view> words;
    while (words.size() <= maxWordsPerLink) {
        text = trimmed(text);
        if (text.empty()) break;
        const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return words;
}

// Reads one line after the other into a Settings.
class Reader {
public:
    explicit Reader(const std::string& file) : m_file(file) {}

    Result<void> line(std::string_view text) {
        ++m_line;
        text = trimmed(text.substr(0, text.find('#')));
        if (text.empty()) return {};
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos) return wrong(text, "Write `key = value`");
        return set(trimmed(text.substr(0, equals)), trimmed(text.substr(equals + 1)));
    }

    Result<Settings> finish() const {
        const Settings& s = m_settings;
        const auto missing = [&](const char* key) {
            return Error{"read heart settings", m_file, std::string(key) + " is missing", ""};
        };
        if (s.cluster == 0) return missing("cluster");
        if (!m_nodeSet) return missing("node");
        if (s.boot.value == 0) return missing("boot");
        if (s.keyFile.empty()) return missing("key_file");
        if (s.links.empty()) return missing("link");
        if (s.heartbeat <= Duration::zero() || s.suspect <= s.heartbeat || s.lost <= s.suspect)
            return Error{"read heart settings", m_file, "the times don't grow",
                         "heartbeat_ms < suspect_ms < lost_ms must hold"};
        return s;
    }

private:
    Error wrong(std::string_view value, const char* remedy) const {
        return Error{"read heart settings", m_file + ":" + std::to_string(m_line), "`" + std::string(value) + "`",
                     remedy};
    }

    Result<void> set(std::string_view key, std::string_view value) {
        if (key == "cluster") {
            const auto id = number(value);
            if (!id || *id == 0 || *id > 0xffff) return wrong(value, "A cluster id is 1..65535");
            m_settings.cluster = static_cast<std::uint16_t>(*id);
        } else if (key == "node") {
            if (value != "1" && value != "2") return wrong(value, "The node is 1 or 2");
            m_settings.node = value == "1" ? model::NodeId::First : model::NodeId::Second;
            m_nodeSet = true;
        } else if (key == "boot") {
            const auto digest = number(value, 16);
            if (!digest || *digest == 0) return wrong(value, "A boot digest is up to 16 hexadecimal digits and not 0");
            m_settings.boot = model::BootDigest(*digest);
        } else if (key == "key_file") {
            if (value.empty() || value.front() != '/') return wrong(value, "Give an absolute path");
            m_settings.keyFile = value;
        } else if (key == "heartbeat_ms")
            return interval(value, m_settings.heartbeat);
        else if (key == "suspect_ms")
            return interval(value, m_settings.suspect);
        else if (key == "lost_ms")
            return interval(value, m_settings.lost);
        else if (key == "link")
            return link(value);
        else if (key == "multicast")
            return multicast(value);
        else if (key == "serial")
            return serial(value);
        else
            return wrong(key, "No such key; known are cluster, node, boot, key_file, heartbeat_ms, suspect_ms, lost_ms, "
                              "link, multicast, serial");
        return {};
    }

    Result<void> interval(std::string_view value, Duration& to) {
        const auto count = number(value);
        if (!count || *count == 0 || *count > maxIntervalMs) return wrong(value, "Give whole milliseconds, 1..60000");
        to = std::chrono::milliseconds(*count);
        return {};
    }

    Result<void> link(std::string_view value) {
        const std::vector<std::string_view> words = wordsOf(value);
        if (words.size() < 4 || words.size() > maxWordsPerLink)
            return wrong(value, "Write `link = NAME OWN_ADDRESS PEER_ADDRESS PORT [PEER_PORT]`");
        const auto port = number(words[3]);
        const auto peerPort = words.size() == 5 ? number(words[4]) : port;
        if (!port || *port == 0 || *port > 0xffff || !peerPort || *peerPort == 0 || *peerPort > 0xffff)
            return wrong(value, "A port is 1..65535");
        if (m_settings.links.size() == model::maxLinks) return wrong(value, "There may be 8 links at most");
        m_settings.links.push_back({std::string(words[0]), std::string(words[1]), std::string(words[2]),
                                    static_cast<std::uint16_t>(*port), static_cast<std::uint16_t>(*peerPort)});
        return {};
    }

    // Belongs to the link above it.
    Result<void> multicast(std::string_view value) {
        const std::vector<std::string_view> words = wordsOf(value);
        if (words.size() != 3) return wrong(value, "Write `multicast = NAME GROUP TTL`, with the link's name");
        if (m_settings.links.empty() || m_settings.links.back().name != words[0] ||
            m_settings.links.back().serialRate != 0)
            return wrong(value, "Write it right behind the link of this name");
        const auto ttl = number(words[2]);
        if (!ttl || *ttl == 0 || *ttl > 255) return wrong(value, "A TTL is 1..255");
        m_settings.links.back().group = words[1];
        m_settings.links.back().ttl = static_cast<unsigned>(*ttl);
        return {};
    }

    Result<void> serial(std::string_view value) {
        const std::vector<std::string_view> words = wordsOf(value);
        if (words.size() != 3 || words[1].front() != '/') return wrong(value, "Write `serial = NAME /DEVICE RATE`");
        const auto rate = number(words[2]);
        if (!rate ||
            std::find(model::serialRates.begin(), model::serialRates.end(), *rate) == model::serialRates.end())
            return wrong(value, "A rate is one of 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600");
        if (m_settings.links.size() == model::maxLinks) return wrong(value, "There may be 8 links at most");
        LinkSettings link;
        link.name = words[0];
        link.ownAddress = words[1];
        link.serialRate = static_cast<unsigned>(*rate);
        m_settings.links.push_back(std::move(link));
        return {};
    }

    std::string m_file;
    std::size_t m_line = 0;
    Settings m_settings;
    bool m_nodeSet = false;
};

bool writeAll(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t wrote = ::write(file, text.data(), text.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return true;
}

} // namespace

CoreSetup Settings::core() const { return {cluster, node, boot, links.size(), heartbeat, {suspect, lost}}; }

Settings settingsOf(const model::Configuration& configuration, model::NodeId node, model::BootDigest boot,
                    const std::string& keyFile, Duration heartbeat, Duration suspect, Duration lost) {
    Settings settings{configuration.clusterId, node, boot, keyFile, heartbeat, suspect, lost, {}};
    for (const model::LinkSetup& link : configuration.links) {
        LinkSettings made;
        made.name = link.name;
        made.ownAddress = link.ends[model::indexOf(node)].address;
        made.serialRate = link.serialRate;
        if (!link.isSerial()) {
            made.peerAddress = link.ends[model::indexOf(model::otherNode(node))].address;
            made.ownPort = made.peerPort = configuration.heartbeatPort;
        }
        if (link.multicast) {
            made.group = link.multicast->group;
            made.ttl = link.multicast->ttl;
        }
        settings.links.push_back(std::move(made));
    }
    return settings;
}

std::string toText(const Settings& settings) {
    char boot[17];
    *std::to_chars(boot, boot + 16, settings.boot.value, 16).ptr = '\0';
    const auto ms = [](Duration duration) {
        return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
    };
    std::string text = "# Made by dyadd from its configuration; changes here are lost.\n";
    text += "cluster = " + std::to_string(settings.cluster) + "\n";
    text += "node = " + std::to_string(static_cast<int>(settings.node)) + "\n";
    text += std::string("boot = ") + boot + "\n";
    text += "key_file = " + settings.keyFile + "\n";
    text += "heartbeat_ms = " + ms(settings.heartbeat) + "\n";
    text += "suspect_ms = " + ms(settings.suspect) + "\n";
    text += "lost_ms = " + ms(settings.lost) + "\n";
    for (const LinkSettings& link : settings.links) {
        if (link.serialRate != 0) {
            text += "serial = " + link.name + " " + link.ownAddress + " " + std::to_string(link.serialRate) + "\n";
            continue;
        }
        text +=
            "link = " + link.name + " " + link.ownAddress + " " + link.peerAddress + " " + std::to_string(link.ownPort);
        if (link.peerPort != link.ownPort) text += " " + std::to_string(link.peerPort);
        text += "\n";
        if (!link.group.empty())
            text += "multicast = " + link.name + " " + link.group + " " + std::to_string(link.ttl) + "\n";
    }
    return text;
}

Result<Settings> parseSettings(const std::string& file, std::string_view text) {
    if (text.size() > maxSettingsBytes)
        return Error{"read heart settings", file, "longer than " + std::to_string(maxSettingsBytes) + " bytes", ""};
    Reader reader(file);
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (Result<void> read = reader.line(text.substr(0, end)); !read) return read.error();
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return reader.finish();
}

Result<Settings> loadSettings(const std::string& file) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return Error{"read heart settings", file, errnoText(errno), ""};
    std::string text(maxSettingsBytes + 1, '\0');
    std::size_t filled = 0;
    ssize_t got = 0;
    while (filled < text.size()) {
        got = ::read(descriptor, text.data() + filled, text.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        filled += static_cast<std::size_t>(got);
    }
    const std::string trouble = got < 0 ? errnoText(errno) : "";
    ::close(descriptor);
    if (got < 0) return Error{"read heart settings", file, trouble, ""};
    text.resize(filled);
    return parseSettings(file, text);
}

Result<void> saveSettings(const std::string& file, const Settings& settings) {
    const std::string fresh = file + ".new";
    const int descriptor = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) return Error{"write heart settings", fresh, errnoText(errno), ""};
    const bool written = writeAll(descriptor, toText(settings));
    const std::string trouble = written ? "" : errnoText(errno);
    ::close(descriptor);
    if (!written) return Error{"write heart settings", fresh, trouble, ""};
    if (::rename(fresh.c_str(), file.c_str()) != 0)
        return Error{"rename heart settings to", file, errnoText(errno), ""};
    return {};
}

std::uint64_t digestOf(const Settings& settings) {
    std::uint64_t digest = 0xcbf29ce484222325; // FNV-1a, 64 bits
    for (const char character : toText(settings))
        digest = (digest ^ static_cast<std::uint8_t>(character)) * 0x100000001b3;
    return digest == 0 ? 1 : digest;
}

} // namespace dyad::heart
