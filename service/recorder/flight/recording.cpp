// SPDX-License-Identifier: Apache-2.0
#include "recorder/flight/recording.h"

#include "base/byte_order.h"
#include "recorder/flight/validate.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace dyad::recorder {

namespace {

Error unusable(const std::string& file, std::string why, std::string remedy = {}) {
    return Error{"read the recording", file, std::move(why), std::move(remedy)};
}

// Goes over the records in their order and cuts them into runs.
class Cutter {
public:
    explicit Cutter(Recording& recording) : m_recording(recording) {}

    void cut() {
        const std::vector<RecordPlace>& records = m_recording.records;
        for (std::size_t i = 0; i < records.size(); ++i) {
            if (i > 0 && records[i].position != records[i - 1].next)
                damage("the recording is damaged here: " + std::to_string(records[i].position - records[i - 1].next) +
                       " bytes at byte " +
                       std::to_string(flightHeaderBytes + records[i - 1].next % m_recording.bytes.size()) +
                       " of the file are no records");
            take(i);
            if (m_open) m_recording.runs.back().last = i + 1;
        }
        if (m_headless > 0)
            m_recording.remarks.push_back(std::to_string(m_headless) +
                                          " records at the beginning belong to a run whose beginning was overwritten");
    }

private:
    void damage(std::string why) {
        if (m_open && m_recording.runs.back().damage.empty()) m_recording.runs.back().damage = std::move(why);
        // What follows may be used only from a run's beginning on: the steps between are not known.
        m_open = false;
        m_damaged = true;
    }

    void take(std::size_t index) {
        const RecordPlace& place = m_recording.records[index];
        if (place.kind == RecordKind::Omitted)
            return damage("a step was larger than the recorder takes and is missing here");
        if (place.kind == RecordKind::RunBegan) {
            m_damaged = false;
            if (auto header = decodeRunHeader(m_recording.payload(place)); header)
                begin(index, std::move(header.value()));
            else
                damage(header.error().text());
        } else if (place.kind == RecordKind::Snapshot && !m_open && !m_damaged) {
            if (auto snapshot = decodeSnapshot(m_recording.payload(place)); snapshot)
                begin(index, std::move(snapshot.value().header));
            else
                damage(snapshot.error().text());
        } else if (!m_open && !m_damaged && place.kind != RecordKind::Padding) {
            ++m_headless;
        }
    }

    void begin(std::size_t index, RunHeader header) {
        if (const Result<void> fits = validate(header.configuration); !fits) return damage(fits.error().text());
        m_recording.runs.push_back({std::move(header), index, index + 1, {}});
        m_open = true;
    }

    Recording& m_recording;
    bool m_open = false;
    bool m_damaged = false; // and no run has begun since
    std::size_t m_headless = 0;
};

} // namespace

Result<Recording> parseRecording(std::span<const std::uint8_t> file, const std::string& name) {
    const std::optional<FlightFileHeader> header = readFlightHeader(file);
    if (!header)
        return unusable(name, "it is no recording of a flight recorder", "name a flight.ring or a copy of one");
    if (header->version != flightVersion)
        return unusable(name,
                        "it is of version " + std::to_string(header->version) + ", this program reads version " +
                            std::to_string(flightVersion),
                        "use the `dyad` of the release that recorded it");
    Recording recording;
    if (header->capacity < minRingBytes || header->capacity > maxRingBytes || header->capacity % 8 != 0)
        return unusable(name, "its header names a ring of " + std::to_string(header->capacity) + " bytes");
    recording.bytes.assign(static_cast<std::size_t>(header->capacity), 0);
    const std::span<const std::uint8_t> ring = file.subspan(flightHeaderBytes);
    if (ring.size() < recording.bytes.size())
        recording.remarks.push_back("the file is cut short: " + std::to_string(recording.bytes.size() - ring.size()) +
                                    " bytes are missing");
    std::memcpy(recording.bytes.data(), ring.data(), std::min(ring.size(), recording.bytes.size()));
    recording.records = scanRing(recording.bytes);
    Cutter(recording).cut();
    if (recording.runs.empty())
        return unusable(name, "there is no run in it that can be replayed (" +
                                  std::to_string(recording.records.size()) + " whole records)");
    // The header's head is written after each record: what lies before it was whole once.
    const std::uint64_t end = recording.records.back().next;
    if (header->head > end && recording.runs.back().damage.empty())
        recording.runs.back().damage =
            "the recording is damaged here: its last " + std::to_string(header->head - end) + " bytes are no records";
    else if (end % recording.bytes.size() + recordHeaderBytes <= recording.bytes.size()) {
        const auto behind = std::span<const std::uint8_t>(recording.bytes).subspan(end % recording.bytes.size());
        if (loadLittle<std::uint64_t>(behind.subspan(recordPositionAt, 8)) == end)
            recording.remarks.push_back("the last record is torn: the service was killed while it wrote it");
    }
    return recording;
}

Result<Recording> readRecording(const std::filesystem::path& file) {
    errno = 0;
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return unusable(file.string(), std::strerror(errno), "name a flight.ring or a copy of one");
    std::vector<std::uint8_t> bytes;
    std::error_code failed;
    const auto size = std::filesystem::file_size(file, failed);
    if (failed) return unusable(file.string(), failed.message());
    if (size > maxRingBytes + flightHeaderBytes) return unusable(file.string(), "it is too large for a recording");
    bytes.resize(size);
    stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(stream.gcount()));
    return parseRecording(bytes, file.string());
}

} // namespace dyad::recorder
