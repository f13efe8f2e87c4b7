#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "support/csv.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/program.h"

using namespace longhaul;

namespace {

nlohmann::json json_of(const std::string& arguments) {
  const Outcome outcome = longhaul_run(arguments);
  REQUIRE(outcome.status == 0);
  return nlohmann::json::parse(outcome.out);
}

}  // namespace

TEST_CASE("cli: no arguments and --help explain the commands", "[cli]") {
  const Outcome bare = longhaul_run("");
  CHECK(bare.status == 0);
  CHECK(longhaul_run("--help").out == bare.out);
  for (const char* command :
       {"run", "throughput", "table", "export", "list", "show", "sample", "data", "eval", "forward",
        "gradcheck", "doctor", "trial", "check", "new", "claim", "schema", "verify"}) {
    INFO(command);
    CHECK(has(bare.out, std::string("\n  ") + command + " "));
    CHECK(has(bare.out, std::string("  longhaul ") + command));
    const Outcome help = longhaul_run(std::string(command) + " --help");
    CHECK(help.status == 0);
    CHECK(has(help.out, "Example: longhaul " + std::string(command)));
  }
  CHECK(has(longhaul_run("--version").out, "longhaul "));
}

TEST_CASE("cli: bad arguments are one line that names the nearest, with status 2", "[cli]") {
  const auto says = [](const std::string& arguments, const std::string& message) {
    const Outcome outcome = complaint(arguments);
    INFO(arguments);
    CHECK(outcome.status == 2);
    CHECK(outcome.out == "longhaul: " + message + "\n");
  };
  says("lsit models", "unknown command 'lsit'; did you mean 'list'? see longhaul --help");
  says("--vresion", "unknown option '--vresion'; did you mean '--version'? see longhaul --help");
  says("list models --jsn",
       "list: unknown option '--jsn'; did you mean '--json'? see longhaul list --help");
  says("list models tasks", "list: unknown argument 'tasks'; see longhaul list --help");
  says("show model", "show: NAME is required; see longhaul show --help");
  says("list modles",
       "list: found 'modles', allowed: models | tasks | suites | claims | settings | losses | "
       "optimizers | metrics | schedules | pretraining | diagnostics | csv");
  says("show optimizer adam",
       "no optimizer 'adam'; did you mean 'adamw'? known: adamw muon sgd sign_sgd lion");
  says("schema suit", "schema: found 'suit', allowed: suite | claim");
  says("sample listops --split dev",
       "sample: --split: dev not in {train,validation,test}; see longhaul sample --help");
  CHECK(has(complaint("show task listop").out, "no task 'listop'; did you mean 'listops'?"));
  CHECK(has(complaint("sample mqar --set vocabulry=9").out,
            "--set vocabulry: unknown key; did you mean 'vocabulary'?"));
}

TEST_CASE("cli: list and show agree on what there is", "[cli]") {
  for (const std::string kind : {"model", "task"})
    for (const nlohmann::json& entry : json_of("list " + kind + "s --json")) {
      const std::string name = entry.at("name");
      INFO(kind << " " << name);
      const nlohmann::json shown = json_of("show " + kind + " " + name + " --json");
      CHECK(shown.at("about") == entry.at("about"));
      CHECK(!shown.at("source").get<std::string>().empty());
      for (const nlohmann::json& option : shown.at("options")) {
        CHECK(!option.at("meaning").get<std::string>().empty());
        CHECK(option.contains("default"));
      }
    }
}

TEST_CASE("cli: every choice that list names can be shown", "[cli]") {
  const std::pair<const char*, const char*> kinds[] = {{"settings", "setting"},
                                                       {"losses", "loss"},
                                                       {"optimizers", "optimizer"},
                                                       {"metrics", "metric"},
                                                       {"pretraining", "pretraining"},
                                                       {"diagnostics", "diagnostic"},
                                                       {"csv", "csv"}};
  for (const auto& [plural, singular] : kinds)
    for (const nlohmann::json& entry : json_of(std::string("list ") + plural + " --json")) {
      const std::string name = entry.at("name");
      INFO(singular << " " << name);
      const nlohmann::json shown =
          json_of(std::string("show ") + singular + " " + name + " --json");
      CHECK(shown.at("about") == entry.at("about"));
      CHECK(!shown.at("about").get<std::string>().empty());
    }
}

TEST_CASE("cli: list finds the suites of configs/", "[cli]") {
  const Outcome listed = longhaul_run("list suites");
  CHECK(listed.status == 0);
  CHECK(has(listed.out, "\nquick "));
  CHECK(has(listed.out, "  Four architectures on four tasks"));
}

TEST_CASE("cli: where no suites and claims are, list says where it looked", "[cli]") {
  for (const std::string kind : {"suites", "claims"}) {
    const Outcome refused = complaint("list " + kind, "cd /;");
    CHECK(refused.status == 2);
    CHECK(has(refused.out, "no " + kind + " found; looked in /configs/" + kind + ", "));
    CHECK(has(refused.out, "/share/longhaul/configs/" + kind + "; start longhaul in its source"));
  }
  CHECK(has(complaint("run quick", "cd /;").out, "no suites found; looked in /configs/suites"));
  CHECK(complaint("claim all", "cd /;").status == 2);
}

TEST_CASE("cli: a suite or claim that is a path says that no file is there", "[cli]") {
  for (const std::string where : {"", "cd /;"}) {
    CHECK(has(complaint("run no_such.yaml", where).out, "no_such.yaml: there is no such file"));
    CHECK(
        has(complaint("run ./quik", where).out, "./quik: there is no such file, allowed: a suite"));
    CHECK(has(complaint("claim x/no_such", where).out, "x/no_such: there is no such file"));
  }
  CHECK(has(complaint("run /tmp").out, "/tmp: is a folder, allowed: a suite file"));
}

TEST_CASE("cli: show prints a task's options and an example", "[cli]") {
  const Outcome shown = longhaul_run("show task listops");
  CHECK(shown.status == 0);
  CHECK(has(shown.out, "max_depth"));
  CHECK(has(shown.out, "\nexample\n"));
  const nlohmann::json json = json_of("show task listops --json");
  CHECK(json.at("vocabulary").get<int>() > 1);
  CHECK(json.at("version").get<int>() >= 1);
  CHECK(!json.at("example").at("tokens").empty());
}

TEST_CASE("cli: numbers are decimal, and those that do not fit are refused", "[cli]") {
  const std::string ten = longhaul_run("sample mqar --format tsv -n 10").out;
  CHECK(longhaul_run("sample mqar --format tsv -n 010").out == ten);
  CHECK(longhaul_run("sample mqar --format tsv -n +10").out == ten);
  for (const std::string wrong : {"-n 99999999999999999999", "-n 0x2", "-n 2.5", "-n -1", "-n +-1",
                                  "-n 2k", "--seed -1", "--seed 18446744073709551616"}) {
    const Outcome refused = complaint("sample mqar " + wrong);
    CHECK(refused.status == 2);
    CHECK(has(refused.out, ", allowed: "));
  }
  for (const std::string wrong : {"nan", "inf", "1e999", "5%"})
    CHECK(has(complaint("trial spec.json --out out --memory " + wrong).out,
              "found '" + wrong + "', allowed: a number"));
  CHECK(complaint("trial no_such.json --out out --memory 1e-320").status == 2);
}

TEST_CASE("cli: what is nearly a number is refused, and its option named", "[cli]") {
  for (const std::string word : {"' 5'", "'5 '", "5_000", "1e3", ".5", "5.", "1e400", "nan", "inf",
                                 "\u0665", "\uff15", "''"}) {
    const Outcome refused = complaint("sample mqar -n " + word);
    INFO(word << " " << refused.out);
    CHECK(refused.status == 2);
    CHECK(has(refused.out, "sample: -n: "));
  }
  for (const std::string word : {"5_0", "0x10", "1e400", "nan", "-inf", "\u0665", "' 5'"}) {
    const Outcome refused = complaint("compare a b --threshold " + word);
    INFO(word << " " << refused.out);
    CHECK(refused.status == 2);
    CHECK(has(refused.out, "--threshold: found '"));
  }
}

TEST_CASE("cli: variables that hold a number hold one, or are named", "[cli]") {
  for (const char* word : {"' 1'", "+1", "1_0", "0x1", "1e0", "nan", "\u0665", "4294967296x"})
    for (const char* variable : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
      INFO(variable << "=" << word);
      const Outcome refused =
          complaint("run smoke --out /dev/null/x", std::string(variable) + "=" + word);
      CHECK(refused.status == 2);
      CHECK(has(refused.out, std::string(variable) + ": found '"));
    }
  const TemporaryFolder folder;
  std::ofstream(folder.path / "batch.json")
      << R"({"trials": ["a"], "threads": 1, "memory": 0, "seconds": 0, "stall": 0,
             "checkpoint_seconds": 0, "job": ""})";
  for (const char* word : {"''", "' 1'", "+1", "-1", "0x1", "1e0", "nan", "\u0665"}) {
    INFO(word);
    const Outcome refused =
        complaint("slurm-task " + folder.path.string(), std::string("SLURM_ARRAY_TASK_ID=") + word);
    CHECK(refused.status == 2);
    CHECK(has(refused.out, "SLURM_ARRAY_TASK_ID"));
  }
  for (const char* word : {"x", "0", "1e3", "99999999999999999999"}) {
    INFO(word);
    CHECK(longhaul_run("list models", std::string("OMP_NUM_THREADS=") + word).status == 0);
  }
}

TEST_CASE("cli: sample repeats itself, and differs by seed and split", "[cli]") {
  const std::string sample = "sample mqar -n 3 --format tsv ";
  const std::string first = longhaul_run(sample).out;
  CHECK(std::count(first.begin(), first.end(), '\n') == 4);
  CHECK(first.rfind("tokens\ttargets\n", 0) == 0);
  CHECK(longhaul_run(sample).out == first);
  CHECK(longhaul_run(sample + "--seed 1").out != first);
  CHECK(longhaul_run(sample + "--split test").out != first);
}

TEST_CASE("cli: sample's formats hold the same examples", "[cli]") {
  const nlohmann::json json = json_of("sample listops -n 2 --seed 5 --split test --format json");
  CHECK(json.at("task") == "listops");
  CHECK(json.at("split") == "test");
  REQUIRE(json.at("examples").size() == 2);
  std::string tokens;
  for (const int token : json.at("examples")[0].at("tokens"))
    tokens += (tokens.empty() ? "" : " ") + std::to_string(token);
  CHECK(has(longhaul_run("sample listops -n 2 --seed 5 --split test --format tsv").out,
            "\n" + tokens + "\t"));
}

TEST_CASE("cli: throughput refuses a wrong block before it writes anything", "[cli]") {
  const TemporaryFolder folder;
  const std::string out = (folder.path / "out").string();
  const auto refused = [&](const std::string& set, const std::string& message) {
    const Outcome outcome = complaint("throughput smoke --out " + out + " --set " + set);
    INFO(set);
    CHECK(outcome.status == 2);
    CHECK(outcome.out == "longhaul: --set " + message + "\n");
    CHECK(!std::filesystem::exists(out));
  };
  refused("'throughput.lengths=[0]'",
          "throughput.lengths: found '0', allowed: integers, 1 .. 16777216");
  refused("'throughput.phases=[dekode]'",
          "throughput.phases: found 'dekode', allowed: train, prefill, decode");
  refused("throughput.repetitions=-3", "throughput.repetitions: found -3, allowed: 1 .. 10000");
}

TEST_CASE("cli: throughput measures, keeps what it has, and table and export show it", "[cli]") {
  const TemporaryFolder folder;
  const std::string out = (folder.path / "out").string();
  const std::string measure =
      "throughput smoke --out " + out +
      " --set 'models=[lru]' --set 'throughput={lengths: [8], phases: [prefill], tokens: 8, "
      "repetitions: 1}'";
  const Outcome first = longhaul_run(measure);
  CHECK(first.status == 0);
  CHECK(has(first.out, "prefill, batch 1, "));
  const std::string csv = read_text(folder.path / "out" / "throughput.csv");
  CHECK(has(csv, "\nlru,prefill,8,1,"));
  CHECK(longhaul_run(measure).out == first.out);
  const std::string announced = complaint(measure).out;
  CHECK(has(announced, "1 models x 1 phases x "));
  CHECK(has(announced, " at lengths 8: "));
  CHECK(has(announced, " or more. Fewer lengths: --set"));
  CHECK(read_text(folder.path / "out" / "throughput.csv") == csv);
  CHECK(longhaul_run("table " + out).out == first.out);
  CHECK(has(longhaul_run("table " + out + " --format latex").out, "prefill, batch 1, "));
  CHECK(longhaul_run("export " + out + " -o " + out + "/csv").status == 0);
  CHECK(read_text(folder.path / "out" / "csv" / "throughput.csv") == csv);

  std::ofstream(folder.path / "out" / "throughput.json") << "[{";
  CHECK(longhaul_run("verify " + out).status == 1);
  CHECK(has(complaint(measure).out, "throughput.json: damaged: "));
  CHECK(longhaul_run("verify " + out).status == 0);
  CHECK(longhaul_run(measure).status == 0);
}

TEST_CASE("cli: what is printed to a full disk, or nowhere, is a fault of the environment",
          "[cli]") {
  for (const char* command :
       {"", "--help", "--version", "run --help", "list tasks", "list models", "list suites",
        "list claims", "doctor", "show task listops", "show model lru", "show optimizer adamw",
        "sample listops -n 1", "schema suite", "check parity_check", "gradcheck rnn"}) {
    INFO(command);
    CHECK(longhaul_run(std::string(command) + " >/dev/full").status == 3);
    CHECK(longhaul_run(std::string(command) + " >&-").status == 3);
  }
}

TEST_CASE("cli: no file of the results gets what is printed on a closed standard error", "[cli]") {
  const TemporaryFolder folder;
  const std::string out = folder.path / "out";
  CHECK(longhaul_run("run smoke --set models=[lru] --set budget.steps=1 --jobs 1 --out " + out +
                     " 2>&- <&-")
            .status == 0);
  CHECK(read_text(folder.path / "out" / ".lock").empty());
  for (const char* command : {"verify ", "table ", "export ", "report "}) {
    INFO(command);
    CHECK(longhaul_run(command + out).status == 0);
    CHECK(longhaul_run(command + out + " >/dev/full").status == 3);
    CHECK(longhaul_run(command + out + " >&-").status == 3);
  }
  const Outcome refused = complaint("export " + out + " -o /dev/null/csv");
  CHECK(refused.status == 2);
  CHECK(refused.out == "longhaul: /dev/null/csv: cannot be made a folder: Not a directory\n");
}

TEST_CASE("cli: doctor names the libraries and the machine", "[cli]") {
  const Outcome outcome = longhaul_run("doctor");
  CHECK(outcome.status == 0);
  for (const char* part : {"kernels", "yaml-cpp", "compiler", "features", "huge pages", "gnuplot"})
    CHECK(has(outcome.out, part));
}

TEST_CASE("cli: settings of the libraries in the environment change nothing", "[cli]") {
  const TemporaryFolder folder;
  const auto rows = [&](const std::string& variable) {
    const std::string out = (folder.path / (variable.empty() ? "plain" : variable)).string();
    const Outcome outcome = longhaul_run(
        "throughput quick --set models=[lru] --set "
        "'throughput={lengths: [16], phases: [prefill], tokens: 64, repetitions: 2}' --out " +
            out,
        variable);
    CHECK(outcome.status == 0);
    const CsvTable table = read_csv(read_text(std::filesystem::path(out) / "throughput.csv"));
    const auto column = std::find(table.columns.begin(), table.columns.end(), "repetitions");
    std::string seen;
    for (const auto& row : table.rows) seen += row[column - table.columns.begin()] + " ";
    return seen;
  };
  const std::string plain = rows("");
  CHECK(!plain.empty());
  CHECK(rows("BENCHMARK_REPETITIONS=3") == plain);
  CHECK(rows("BENCHMARK_LIST_TESTS=true") == plain);
  CHECK(has(complaint("list models", "OMP_PROC_BIND=true").out,
            "left out of the environment: OMP_PROC_BIND"));
}

TEST_CASE("cli: no setting of OpenMP binds the program, and its trials, to one core", "[cli]") {
  const auto cores = [](const std::string& variables) {
    const std::string said = longhaul_run("doctor", variables).out;
    const std::size_t from = said.find("threads ");
    return said.substr(from, said.find('\n', from) - from);
  };
  const std::string plain = cores("");
  CHECK(has(plain, " cores may be used"));
  CHECK(cores("OMP_PROC_BIND=true") == plain);
  CHECK(cores("GOMP_CPU_AFFINITY=0 OMP_PLACES=cores") == plain);
}

TEST_CASE("cli: show and list find a name without its kind", "[cli]") {
  CHECK(longhaul_run("show lru").out == longhaul_run("show model lru").out);
  CHECK(has(longhaul_run("show learning_rate").out, "name "));
  CHECK(has(complaint("show mqr").out, "did you mean 'mqar'?"));
  const Outcome listed = longhaul_run("list lru");
  CHECK(listed.status == 0);
  CHECK(has(listed.out, "lru  "));
  CHECK(std::count(listed.out.begin(), listed.out.end(), '\n') == 1);
}

TEST_CASE("cli: help COMMAND is COMMAND --help, also where an option is misspelt", "[cli]") {
  CHECK(longhaul_run("help run").out == longhaul_run("run --help").out);
  CHECK(longhaul_run("help").out == longhaul_run("--help").out);
  CHECK(has(complaint("run --hlep").out, "unknown option '--hlep'; did you mean '--help'?"));
  CHECK(has(longhaul_run("--version").out, ", build "));
}

TEST_CASE("cli: compare ends with 1 where something got worse", "[cli]") {
  const TemporaryFolder folder;
  const std::string families = "results/reference/families";
  CHECK(longhaul_run("compare " + families + " " + families).status == 0);
  std::string csv =
      read_text(std::filesystem::path(LONGHAUL_SOURCE_DIR) / families / "results.csv");
  const std::string found = ",accuracy,0.9";  // transformer on mqar, seed 0
  csv.replace(csv.find(found), found.size(), ",accuracy,0.1");
  std::ofstream(folder.path / "results.csv") << csv;
  const Outcome worse = longhaul_run("compare " + families + " " + folder.path.string());
  CHECK(worse.status == 1);
  CHECK(has(worse.out, "1 of 165 cells are worse"));
  CHECK(has(complaint("compare " + families + " " + families + " --metric acuracy").out,
            "did you mean 'accuracy'?"));
}

TEST_CASE("cli: a table of throughput that was not measured says so", "[cli]") {
  const Outcome outcome = complaint("table results/reference/quick --metric throughput");
  CHECK(outcome.status == 2);
  CHECK(has(outcome.out, "holds no throughput"));
}

TEST_CASE("cli: the manual page and the completions know every command and option", "[cli]") {
  const Outcome manual = longhaul_run("man");
  const std::string bash = longhaul_run("completion bash").out;
  const std::string fish = longhaul_run("completion fish").out;
  CHECK(manual.status == 0);
  for (const char* command : {"run", "compare", "merge", "table", "completion"}) {
    INFO(command);
    CHECK(has(manual.out, ".SS " + std::string(command)));
    CHECK(has(bash, std::string(" ") + command + " "));
    CHECK(has(fish, std::string("-f -a ") + command + " "));
  }
  CHECK(has(manual.out, "\\-\\-threshold"));
  CHECK(has(bash, "table:--format) words=\"text markdown csv json jsonl latex\""));
  CHECK(has(longhaul_run("completion zsh").out, "#compdef longhaul"));
  CHECK(has(complaint("completion tcsh").out, "tcsh"));
}

TEST_CASE("cli: bash completes commands, options, their words and names of suites", "[cli]") {
  const auto completed = [](const std::string& words, const std::string& count) {
    const std::string line = "source <(longhaul completion bash); COMP_WORDS=(" + words +
                             "); COMP_CWORD=" + count + "; _longhaul; echo \"${COMPREPLY[@]}\"";
    return longhaul_run("completion bash >/dev/null; PATH=" +
                        std::filesystem::path(LONGHAUL_PROGRAM).parent_path().string() +
                        ":$PATH bash -c '" + line + "'")
        .out;
  };
  CHECK(completed("longhaul comp", "1") == "compare completion\n");
  CHECK(completed("longhaul table DIR --form", "3") == "--format\n");
  CHECK(completed("longhaul table DIR --format js", "4") == "json jsonl\n");
  CHECK(completed("longhaul run smo", "2") == "smoke\n");
}
