
#include <fstream>

#include "harness/tables/export.h"
#include "harness/tables/results.h"
#include "harness/tables/table.h"
#include "harness/throughput/throughput_csv.h"
#include "harness/throughput/throughput_record.h"
#include "harness/throughput/throughput_table.h"
#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/made_up_results.h"
#include "tests/helpers/made_up_throughput.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

std::vector<ThroughputRow> two_models() {
  std::vector<ThroughputRow> rows;
  for (const std::string model : {"linear_attention", "ünïcode 模型"})
    for (const Phase phase : {Phase::train, Phase::decode})
      for (const int64_t length : {16, 32}) {
        rows.push_back(made_up_row(model, phase, length, 1, 0, 0.001));
        rows.push_back(made_up_row(model, phase, length, 64 / length, 64, 0.004));
      }
  return rows;
}

ThroughputRow too_large() {
  ThroughputRow row = made_up_row("odd, \"name\"", Phase::train, 1 << 20, 1, 0, 1);
  row.status = Status::out_of_memory;
  row.message = "needs about 3 GiB, 1 GiB are free";
  row.step_seconds.clear();
  row.peak_activation_bytes = row.parameter_bytes = row.optimizer_bytes = 0;
  return row;
}

}  // namespace

TEST_CASE("throughput.json gives back the rows that were stored", "[throughput]") {
  const TemporaryFolder folder;
  CHECK(read_throughput(folder.path).empty());
  std::vector<ThroughputRow> rows = two_models();
  rows.push_back(too_large());
  rows[0].step_seconds = {0.1, 0.1 + 0.2, 1e-9};
  write_throughput(folder.path, rows);
  const std::vector<ThroughputRow> again = read_throughput(folder.path);
  REQUIRE(again.size() == rows.size());
  CHECK(again[0].step_seconds == rows[0].step_seconds);
  CHECK(throughput_csv(again) == throughput_csv(rows));
  CHECK(is_same_measurement(again[0], rows[0]));
  CHECK_FALSE(is_same_measurement(again[0], rows[1]));
}

TEST_CASE("a damaged throughput.json is named and costs the trials nothing", "[throughput]") {
  const TemporaryFolder folder;
  std::ofstream(folder.path / "throughput.json") << "[{\"phase\": \"trian\"}]";
  CHECK_THROWS_WITH(read_throughput(folder.path),
                    Contains("throughput.json: damaged: [0].model is missing"));
  const Results results = load_results(folder.path);
  CHECK(results.throughput.empty());
  CHECK(results.problems.size() == 1);
}

TEST_CASE("rows that the suite no longer asks for are not shown", "[throughput]") {
  const TemporaryFolder folder;
  std::vector<ThroughputRow> rows = two_models();
  rows[3].planned = false;
  write_throughput(folder.path, rows);
  CHECK(load_results(folder.path).throughput.size() == rows.size() - 1);
}

TEST_CASE("throughput.csv has the columns that users rely on", "[throughput]") {
  CHECK(throughput_csv({}).empty());
  CHECK(throughput_csv({made_up_row("lru", Phase::train, 16, 4, 64, 0.002), too_large()}) ==
        "model,phase,length,batch,tokens_per_second_median,tokens_per_second_p20,"
        "tokens_per_second_p80,repetitions,step_milliseconds_median,peak_activation_bytes,"
        "parameter_bytes,optimizer_bytes,state_bytes,flops_per_token,fraction_of_peak,peak_gflops,"
        "scaling_exponent,scaling_exponent_error,memory_exponent,memory_exponent_error,kernel,isa,"
        "threads,precision,status,reason,host,cpu,version,build\n"
        "lru,train,16,4,32000,32000,32000,5,2,16000,400,4000,,100,6.4e-05,50,,,,,"
        "\"gemm:jit, brgemm:avx2\",avx2,1,float32,ok,,host,cpu,0.1.0,\n"
        "\"odd, \"\"name\"\"\",train,1048576,1,,,,0,,,,,,,,,,,,,\"gemm:jit, brgemm:avx2\",avx2,1,"
        "float32,out_of_memory,\"needs about 3 GiB, 1 GiB are free\",host,cpu,0.1.0,\n");
}

TEST_CASE("the table of a phase is models by lengths, with exponents", "[throughput]") {
  std::vector<ThroughputRow> rows = two_models();
  rows.push_back(made_up_row("linear_attention", Phase::train, 16, 8, 128, 0.008));  // to compare
  rows.push_back(too_large());
  rows.back().model = "ünïcode 模型";
  rows.back().phase = Phase::decode;
  const std::vector<Table> tables = throughput_tables(rows);
  REQUIRE(tables.size() == 4);
  CHECK(tables[0].title ==
        "train, batch 1, 1 thread: tokens per second, median ±half of p20 to p80");
  CHECK(tables[0].header ==
        std::vector<std::string>{"model", "@16", "@32", "time ~L^", "memory ~L^"});
  CHECK(tables[0].models[0][1].value == "16.0k");
  CHECK(tables[0].models[0][4].value == "1.00");
  CHECK(tables[3].title ==
        "decode, batch 64 / length, 1 thread: tokens per second, median ±half of p20 to p80");
  CHECK_THAT(tables[3].legend.at(1), Contains("out_of_memory: needs about 3 GiB"));
}

TEST_CASE("the suite's table shows what was measured alone beside accuracy", "[throughput]") {
  Results results = made_up_results();
  CHECK(make_table(results).header.back() == "state");
  results.throughput = two_models();
  const Table table = make_table(results);
  const std::vector<std::string> header(table.header.end() - 6, table.header.end());
  CHECK(header == std::vector<std::string>{"params", "train tok/s @32", "decode tok/s @32",
                                           "activations @32", "resident", "state @32"});
  const std::vector<TableCell>& row = table.models.front();
  CHECK(row[row.size() - 5].value == "16.0k");  // 2 x 32 tokens in 4 ms
  CHECK(row[row.size() - 4].value == "1.00k");  // a token in 1 ms
  CHECK(table.models[1].back().value == "-");   // a model that was not measured
  CHECK_THAT(to_text(table), Contains("of a training step measured alone"));
}
