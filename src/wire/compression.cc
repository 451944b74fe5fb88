#include "wire/compression.h"

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>

#include "wire/message.h"

namespace gantry::wire {
namespace {

constexpr int kTypeShift = 8;
constexpr std::size_t kStepBytesMin = 4 * 1024;

std::unexpected<Error> corrupt(std::string_view type) {
  return fail(Errc::corrupt, "the message body is not a whole {} stream", type);
}

std::unexpected<Error> failed(std::string_view type, std::string_view why) {
  return fail(Errc::internal, "{} cannot compress: {}", type, why);
}

// Output that grows as it is needed and stops at a limit. next() makes room and says how much.
class GrowingOutput {
 public:
  GrowingOutput(std::size_t input_bytes, std::size_t bytes_max)
      : step_(std::max(kStepBytesMin, 2 * input_bytes)), max_(bytes_max) {}

  // One byte more than the limit is offered, so that a body that just fits is told from one that does not.
  std::size_t next() {
    const std::size_t size = std::min(used_ + step_, max_ == std::numeric_limits<std::size_t>::max() ? max_ : max_ + 1);
    text_.resize(size);
    step_ *= 2;
    return size - used_;
  }
  char* at() { return text_.data() + used_; }
  void add(std::size_t bytes) { used_ += bytes; }
  bool over() const { return used_ > max_; }
  std::unexpected<Error> error() const {
    return fail(Errc::resource_exhausted, "the message body is larger than {} bytes when decompressed", max_);
  }
  std::string take() {
    text_.resize(used_);
    return std::move(text_);
  }

 private:
  std::string text_;
  std::size_t used_ = 0;
  std::size_t step_;
  std::size_t max_;
};

Result<std::string> compress_zlib(std::string_view body, int level) {
  uLongf bytes = compressBound(body.size());
  std::string out(bytes, '\0');
  const int code = compress2(reinterpret_cast<Bytef*>(out.data()), &bytes, reinterpret_cast<const Bytef*>(body.data()),
                             body.size(), level);
  if (code != Z_OK) return failed("zlib", zError(code));
  out.resize(bytes);
  return out;
}

Result<std::string> compress_lz4(std::string_view body, int level) {
  LZ4F_preferences_t preferences{};
  // what lz4-java's LZ4FrameOutputStream writes: independent blocks of 4 MiB, no checksums
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;
  preferences.frameInfo.blockSizeID = LZ4F_max4MB;
  preferences.compressionLevel = level < 3 ? level : 0;  // 3 and more would be the slow high-compression mode
  std::string out(LZ4F_compressFrameBound(body.size(), &preferences), '\0');
  const std::size_t bytes = LZ4F_compressFrame(out.data(), out.size(), body.data(), body.size(), &preferences);
  if (LZ4F_isError(bytes)) return failed("LZ4", LZ4F_getErrorName(bytes));
  out.resize(bytes);
  return out;
}

Result<std::string> compress_zstd(std::string_view body, int level) {
  std::string out(ZSTD_compressBound(body.size()), '\0');
  const std::size_t bytes = ZSTD_compress(out.data(), out.size(), body.data(), body.size(), level);
  if (ZSTD_isError(bytes)) return failed("Zstandard", ZSTD_getErrorName(bytes));
  out.resize(bytes);
  return out;
}

Result<std::string> decompress_zlib(std::string_view body, std::size_t bytes_max) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return fail(Errc::internal, "zlib cannot start");
  struct End {
    z_stream* stream;
    ~End() { inflateEnd(stream); }
  } end{&stream};
  GrowingOutput out(body.size(), bytes_max);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));  // zlib does not write to it
  stream.avail_in = static_cast<uInt>(body.size());
  int code = Z_OK;
  while (code == Z_OK) {
    const std::size_t room = out.next();
    stream.next_out = reinterpret_cast<Bytef*>(out.at());
    stream.avail_out = static_cast<uInt>(room);
    code = inflate(&stream, Z_NO_FLUSH);
    out.add(room - stream.avail_out);
    if (out.over()) return out.error();
  }
  if (code != Z_STREAM_END) return corrupt("zlib");
  return out.take();
}

Result<std::string> decompress_lz4(std::string_view body, std::size_t bytes_max) {
  LZ4F_dctx* context = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)))
    return fail(Errc::internal, "LZ4 cannot start");
  struct End {
    LZ4F_dctx* context;
    ~End() { LZ4F_freeDecompressionContext(context); }
  } end{context};
  GrowingOutput out(body.size(), bytes_max);
  std::size_t wanted = 1;  // 0 when the frame is complete
  while (wanted != 0) {
    std::size_t room = out.next();
    std::size_t taken = body.size();
    wanted = LZ4F_decompress(context, out.at(), &room, body.data(), &taken, nullptr);
    if (LZ4F_isError(wanted)) return corrupt("LZ4");
    out.add(room);
    body.remove_prefix(taken);
    if (out.over()) return out.error();
    if (wanted != 0 && room == 0 && taken == 0) return corrupt("LZ4");
  }
  return out.take();
}

Result<std::string> decompress_zstd(std::string_view body, std::size_t bytes_max) {
  ZSTD_DCtx* context = ZSTD_createDCtx();
  if (context == nullptr) return fail(Errc::internal, "Zstandard cannot start");
  struct End {
    ZSTD_DCtx* context;
    ~End() { ZSTD_freeDCtx(context); }
  } end{context};
  GrowingOutput out(body.size(), bytes_max);
  ZSTD_inBuffer input{body.data(), body.size(), 0};
  std::size_t wanted = 1;
  while (wanted != 0) {
    ZSTD_outBuffer output{};
    output.size = out.next();
    output.dst = out.at();
    const std::size_t before = input.pos;
    wanted = ZSTD_decompressStream(context, &output, &input);
    if (ZSTD_isError(wanted)) return corrupt("Zstandard");
    out.add(output.pos);
    if (out.over()) return out.error();
    if (wanted != 0 && output.pos == 0 && input.pos == before) return corrupt("Zstandard");
  }
  return out.take();
}

}  // namespace

bool is_compressed(std::int32_t sys_flag) { return (sys_flag & sys_flag::kCompressed) != 0; }

Result<Compression> compression_of(std::int32_t sys_flag) {
  const int type = (sys_flag & sys_flag::kCompressionMask) >> kTypeShift;
  switch (type) {
    case 0:  // from before there was a choice
    case static_cast<int>(Compression::zlib): return Compression::zlib;
    case static_cast<int>(Compression::lz4): return Compression::lz4;
    case static_cast<int>(Compression::zstd): return Compression::zstd;
    default: return fail(Errc::unimplemented, "compression type {} is unknown", type);
  }
}

std::int32_t with_compression(std::int32_t sys_flag, Compression compression) {
  return without_compression(sys_flag) | sys_flag::kCompressed | (static_cast<std::int32_t>(compression) << kTypeShift);
}

std::int32_t without_compression(std::int32_t sys_flag) {
  return sys_flag & ~(sys_flag::kCompressed | sys_flag::kCompressionMask);
}

Result<std::string> compress(Compression compression, std::string_view body, int level) {
  switch (compression) {
    case Compression::lz4: return compress_lz4(body, level);
    case Compression::zstd: return compress_zstd(body, level);
    case Compression::zlib: break;
  }
  return compress_zlib(body, level);
}

Result<std::string> decompress(Compression compression, std::string_view body, std::size_t bytes_max) {
  switch (compression) {
    case Compression::lz4: return decompress_lz4(body, bytes_max);
    case Compression::zstd: return decompress_zstd(body, bytes_max);
    case Compression::zlib: break;
  }
  return decompress_zlib(body, bytes_max);
}

}  // namespace gantry::wire
