// SPDX-License-Identifier: Apache-2.0
#include "recorder/flight/ring.h"

#include "base/byte_order.h"
#include "base/check.h"
#include "recorder/flight/codec.h"
#include "recorder/flight/crc32c.h"
#include "recorder/flight/ring_scan.h"

#include <boost/interprocess/exceptions.hpp>
#include <boost/interprocess/file_mapping.hpp>
#include <boost/interprocess/mapped_region.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

namespace dyad::recorder {

namespace interprocess = boost::interprocess;

struct FlightRing::Mapping {
    interprocess::mapped_region region;
};

namespace {

constexpr unsigned maxSetAside = 8;
// Written pages leave this process's memory (not the page cache, from which the kernel writes them) in pieces of so
// many bytes.
constexpr std::size_t releaseBytes = 1024 * 1024;

std::string words(int number) { return std::string(std::strerror(number)) + " (" + std::to_string(number) + ")"; }

Error trouble(const char* tried, const std::filesystem::path& file, std::string cameBack) {
    return Error{tried, file.string(), std::move(cameBack),
                 "make room or mend the folder and restart the service; until then nothing can be replayed"};
}

Result<interprocess::mapped_region> map(const std::filesystem::path& file, std::size_t bytes) {
    try {
        const interprocess::file_mapping mapping(file.c_str(), interprocess::read_write);
        return interprocess::mapped_region(mapping, interprocess::read_write, 0, bytes);
    } catch (const interprocess::interprocess_exception& exception) {
        return trouble("map the flight recorder's ring", file, exception.what());
    }
}

// Why the service can't go on in this file; empty: it can, or there is none (`size` is then 0).
std::string misfit(const std::filesystem::path& file, std::size_t capacity, off_t& size) {
    struct stat status {};
    size = 0;
    if (::lstat(file.c_str(), &status) != 0) return {};
    size = std::max<off_t>(status.st_size, 1);
    if (!S_ISREG(status.st_mode)) return "irregular";
    std::array<std::uint8_t, flightHeaderBytes> bytes{};
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    const bool whole =
        descriptor >= 0 && ::pread(descriptor, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
    if (descriptor >= 0) ::close(descriptor);
    const auto header = whole ? readFlightHeader(bytes) : std::nullopt;
    if (!header) return "unreadable";
    if (header->version != flightVersion) return "version-" + std::to_string(header->version);
    if (header->capacity != capacity || static_cast<std::uint64_t>(status.st_size) != capacity + flightHeaderBytes)
        return "other-size";
    return {};
}

std::filesystem::path freeName(const std::filesystem::path& file, const std::string& why) {
    std::filesystem::path name = file.string() + "." + why;
    std::error_code ignored;
    // The last of the names is used again: the folder doesn't fill up.
    for (unsigned i = 2; i <= maxSetAside && std::filesystem::exists(name, ignored); ++i)
        name = file.string() + "." + why + "." + std::to_string(i);
    return name;
}

Result<void> makeFile(const std::filesystem::path& file, std::size_t capacity) {
    const std::filesystem::path fresh = file.string() + ".new";
    ::unlink(fresh.c_str());
    const int descriptor = ::open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) return trouble("make the flight recorder's ring", fresh, words(errno));
    std::array<std::uint8_t, flightHeaderBytes> header{};
    const std::span<std::uint8_t> bytes(header);
    storeLittle(bytes.subspan(flightMagicAt, 8), flightMagic);
    storeLittle(bytes.subspan(flightVersionAt, 4), flightVersion);
    storeLittle(bytes.subspan(flightCapacityAt, 8), static_cast<std::uint64_t>(capacity));
    int failed = ::posix_fallocate(descriptor, 0, static_cast<off_t>(flightHeaderBytes + capacity));
    if (failed == 0 && ::pwrite(descriptor, header.data(), header.size(), 0) != static_cast<ssize_t>(header.size()))
        failed = errno != 0 ? errno : EIO;
    ::close(descriptor);
    if (failed == 0 && ::rename(fresh.c_str(), file.c_str()) != 0) failed = errno;
    if (failed == 0) return {};
    ::unlink(fresh.c_str());
    return trouble("make the flight recorder's ring", file, words(failed));
}

} // namespace

FlightRing::FlightRing(std::unique_ptr<Mapping> mapping, std::size_t capacity)
    : m_mapping(std::move(mapping)), m_capacity(capacity) {}
FlightRing::FlightRing(FlightRing&&) noexcept = default;
FlightRing& FlightRing::operator=(FlightRing&&) noexcept = default;
FlightRing::~FlightRing() = default;

std::span<std::uint8_t> FlightRing::data() const {
    return {static_cast<std::uint8_t*>(m_mapping->region.get_address()) + flightHeaderBytes, m_capacity};
}

std::size_t FlightRing::maxPayload() const { return std::min(maxPayloadBytes, m_capacity / 4); }

Result<FlightRing> FlightRing::open(const std::filesystem::path& file, std::size_t capacity) {
    DYAD_CHECK(capacity >= minRingBytes && capacity <= maxRingBytes && capacity % flightHeaderBytes == 0,
               "a flight recorder's ring of an impossible size was asked for");
    off_t size = 0;
    std::filesystem::path setAside;
    const std::string why = misfit(file, capacity, size);
    if (!why.empty()) {
        setAside = freeName(file, why);
        if (::rename(file.c_str(), setAside.c_str()) != 0)
            return trouble("set aside the flight recorder's ring", file, words(errno));
    }
    if (!why.empty() || size == 0)
        if (Result<void> made = makeFile(file, capacity); !made) return made.error();

    Result<interprocess::mapped_region> region = map(file, flightHeaderBytes + capacity);
    if (!region) return region.error();
    FlightRing ring(std::make_unique<Mapping>(Mapping{std::move(region).value()}), capacity);
    ring.m_setAside = setAside;
    const std::vector<RecordPlace> records = scanRing(ring.data());
    if (!records.empty()) ring.m_head = records.back().next;
    ::madvise(ring.m_mapping->region.get_address(), ring.m_mapping->region.get_size(), MADV_DONTNEED);
    ring.advance(0);
    return ring;
}

void FlightRing::put(RecordKind kind, std::span<const std::uint8_t> payload, std::size_t sizeField) {
    const std::span<std::uint8_t> record = data().subspan(m_head % m_capacity);
    // Whatever an earlier lap left here stops being a record before anything of the new one is there.
    storeLittle(record.first(4), std::uint32_t{0});
    std::atomic_signal_fence(std::memory_order_seq_cst);
    storeLittle(record.subspan(recordPositionAt, 8), m_head);
    storeLittle(record.subspan(recordSizeAt, 4), static_cast<std::uint32_t>(sizeField));
    storeLittle(record.subspan(recordKindAt, 4), static_cast<std::uint32_t>(kind)); // and three bytes of zero
    if (!payload.empty()) std::memcpy(record.data() + recordHeaderBytes, payload.data(), payload.size());
    const std::size_t sealed = recordHeaderBytes + payload.size();
    storeLittle(record.subspan(recordCrcAt, 4), crc32c(record.subspan(recordPositionAt, sealed - recordPositionAt)));
    for (std::size_t i = sealed; i < recordBytes(payload.size()); ++i)
        record[i] = 0;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    storeLittle(record.first(4), recordMagic);
}

void FlightRing::advance(std::size_t bytes) {
    const std::uint64_t before = m_head;
    m_head += bytes;
    const std::size_t left = m_capacity - m_head % m_capacity;
    if (left < recordHeaderBytes) m_head += left; // no record fits behind: see ring_scan.cpp
    storeLittle(std::span(static_cast<std::uint8_t*>(m_mapping->region.get_address()) + flightHeadAt, 8), m_head);
    if (before / releaseBytes == m_head / releaseBytes) return;
    const std::size_t from = before % m_capacity / releaseBytes * releaseBytes;
    ::madvise(data().data() + from, std::min(releaseBytes, m_capacity - from), MADV_DONTNEED);
}

bool FlightRing::append(RecordKind kind, std::span<const std::uint8_t> payload) {
    if (payload.size() > maxPayload()) return false;
    const std::size_t left = m_capacity - m_head % m_capacity;
    if (recordBytes(payload.size()) > left) {
        put(RecordKind::Padding, {}, left - recordHeaderBytes);
        advance(left);
    }
    put(kind, payload, payload.size());
    advance(recordBytes(payload.size()));
    return true;
}

} // namespace dyad::recorder
