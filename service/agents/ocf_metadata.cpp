// SPDX-License-Identifier: Apache-2.0
#include "agents/ocf_metadata.h"

#include <QByteArray>
#include <QXmlStreamReader>
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <unistd.h>

#include "agents/child_environment.h"
#include "base/errno_text.h"
#include "platform/linux/bounded_run.h"

namespace dyad::agents {

namespace {

constexpr int maxDepth = 64;

std::string plain(QStringView text) { return text.toString().simplified().toStdString(); }

std::string attribute(const QXmlStreamReader& reader, const char* name) {
    return plain(reader.attributes().value(QLatin1String(name)));
}

// "60", "60s", "500ms", "2min": as the agents of the field write it; 0 for anything else.
Duration readDuration(const std::string& text) {
    const auto digits = static_cast<std::size_t>(
        std::find_if_not(text.begin(), text.end(), [](unsigned char each) { return std::isdigit(each) != 0; }) -
        text.begin());
    if (digits == 0 || digits > 9) return {};
    const auto count = std::stol(text.substr(0, digits));
    if (count > 86400) return {}; // of whatever unit: nobody waits so long, and nanoseconds have a bound
    std::string unit = text.substr(digits);
    unit.erase(0, unit.find_first_not_of(' '));
    if (unit.empty() || unit == "s" || unit == "sec") return std::chrono::seconds(count);
    if (unit == "ms" || unit == "msec") return std::chrono::milliseconds(count);
    if (unit == "m" || unit == "min") return std::chrono::minutes(count);
    if (unit == "h" || unit == "hr") return std::chrono::hours(count);
    return {};
}

class MetadataReader {
public:
    explicit MetadataReader(std::string_view xml)
        : m_reader(QByteArray(xml.data(), static_cast<qsizetype>(xml.size()))) {}

    Result<model::AgentMetadata> read(const std::string& agent) {
        if (m_reader.readNextStartElement()) {
            if (m_reader.name() != QLatin1String("resource-agent"))
                m_reader.raiseError(
                    QStringLiteral("it begins with <%1>, not with <resource-agent>").arg(m_reader.name()));
            else
                readAgent();
        }
        if (!m_reader.hasError()) return std::move(m_metadata);
        return Error{"read the metadata of", agent,
                     "line " + std::to_string(m_reader.lineNumber()) + ": " + m_reader.errorString().toStdString(),
                     "look at what `" + agent + " meta-data` prints"};
    }

private:
    // Of the element and all in it. Not Qt's own, which calls itself for each element within another.
    std::string text() {
        QString all;
        for (int depth = 1; depth > 0 && !m_reader.atEnd();) {
            m_reader.readNext();
            if (m_reader.isCharacters() || m_reader.isEntityReference()) all += m_reader.text();
            if (m_reader.isStartElement() && ++depth > maxDepth)
                m_reader.raiseError(QStringLiteral("more than %1 elements within each other").arg(maxDepth));
            if (m_reader.isEndElement()) --depth;
        }
        return plain(all);
    }
    // The first of several languages.
    void readText(std::string& into) {
        const std::string read = text();
        if (into.empty()) into = read;
    }

    void readAgent() {
        m_metadata.name = attribute(m_reader, "name");
        m_metadata.version = attribute(m_reader, "version");
        while (m_reader.readNextStartElement()) {
            const QStringView name = m_reader.name();
            if (name == QLatin1String("shortdesc"))
                readText(m_metadata.summary);
            else if (name == QLatin1String("longdesc"))
                readText(m_metadata.description);
            else if (name == QLatin1String("parameters"))
                readEach("parameter", [this] { readParameter(); });
            else if (name == QLatin1String("actions"))
                readEach("action", [this] { readAction(); });
            else
                m_reader.skipCurrentElement();
        }
    }

    template <typename Read>
    void readEach(const char* element, Read read) {
        while (m_reader.readNextStartElement()) {
            if (m_reader.name() == QLatin1String(element))
                read();
            else
                m_reader.skipCurrentElement();
        }
    }

    void readParameter() {
        model::AgentParameter parameter;
        parameter.name = attribute(m_reader, "name");
        parameter.required = attribute(m_reader, "required") == "1";
        if (parameter.name.empty()) return m_reader.raiseError(QStringLiteral("a parameter has no name"));
        if (m_metadata.parameters.size() == maxAgentParameters)
            return m_reader.raiseError(QStringLiteral("more than %1 parameters").arg(maxAgentParameters));
        while (m_reader.readNextStartElement()) {
            if (m_reader.name() == QLatin1String("shortdesc"))
                readText(parameter.summary);
            else if (m_reader.name() == QLatin1String("longdesc"))
                readText(parameter.description);
            else {
                if (m_reader.name() == QLatin1String("content")) {
                    parameter.type = attribute(m_reader, "type");
                    if (m_reader.attributes().hasAttribute(QLatin1String("default")))
                        parameter.defaultValue = attribute(m_reader, "default");
                }
                m_reader.skipCurrentElement();
            }
        }
        m_metadata.parameters.push_back(std::move(parameter));
    }

    void readAction() {
        if (m_metadata.actions.size() == maxAgentActions)
            return m_reader.raiseError(QStringLiteral("more than %1 actions").arg(maxAgentActions));
        m_metadata.actions.push_back(
            {.name = attribute(m_reader, "name"),
             .timeout = readDuration(attribute(m_reader, "timeout")),
             .interval = readDuration(attribute(m_reader, "interval")),
             .depth = static_cast<unsigned>(m_reader.attributes().value(QLatin1String("depth")).toUInt())});
        m_reader.skipCurrentElement();
    }

    QXmlStreamReader m_reader;
    model::AgentMetadata m_metadata;
};

} // namespace

Result<model::AgentMetadata> parseOcfMetadata(std::string_view xml, const std::string& agent) {
    return MetadataReader(xml).read(agent);
}

Result<model::AgentMetadata> readOcfMetadata(const std::string& provider, const std::string& agent,
                                             const std::string& root) {
    const std::string name = "ocf:" + provider + ":" + agent;
    const std::string program = ocfProgram(root, provider, agent);
    if (::access(program.c_str(), X_OK) != 0)
        return Error{"find the agent", name, program + ": " + errnoText(errno),
                     "install the package that has it on both nodes; `dyad agent list` shows what is there"};
    const model::OcfSettings settings{.provider = provider, .agent = agent};
    const PlannedCommand command =
        ocfAction(settings, "meta-data", agent, metadataPatience, {.root = root, .temporary = "/tmp"});
    Result<platform::BoundedEnd> ended = platform::runBounded(
        {.command = command.words,
         .environment = childEnvironment("metadata " + std::to_string(::getpid()), nullptr, command.environment),
         .output = platform::ChildSetup::Output::CaptureWithoutErrors}, // some agents talk beside it
        metadataPatience, maxMetadataBytes);
    if (!ended) return ended.error();
    const platform::BoundedEnd& end = ended.value();
    const std::string remedy = "run `OCF_ROOT=" + root + " " + program + " meta-data` by hand to see why";
    if (!end.inTime)
        return Error{"ask for the metadata of", name, "it gave none in " + toText(metadataPatience), remedy};
    if (end.cut)
        return Error{"ask for the metadata of", name,
                     "it printed more than " + std::to_string(maxMetadataBytes / 1024) + " KiB", remedy};
    if (!end.end.clean()) return Error{"ask for the metadata of", name, end.end.text(), remedy};
    return parseOcfMetadata(end.output, name);
}

std::vector<OcfName> installedOcfAgents(const std::string& root) {
    namespace fs = std::filesystem;
    std::vector<OcfName> found;
    std::error_code error;
    for (const fs::directory_entry& provider : fs::directory_iterator(root + "/resource.d", error)) {
        std::error_code inside;
        for (const fs::directory_entry& agent : fs::directory_iterator(provider.path(), inside)) {
            const std::string name = agent.path().filename().string();
            std::error_code unknown;
            if (name.front() != '.' && agent.is_regular_file(unknown) && ::access(agent.path().c_str(), X_OK) == 0)
                found.push_back({provider.path().filename().string(), name});
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

} // namespace dyad::agents
